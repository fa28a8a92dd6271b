#ifndef TB_EXIT_H
#define TB_EXIT_H

/*
 * exit - how a daemon's process ends, as the service manager sees it.
 */
enum tb_exit {
    TB_EXIT_OK = 0,
    TB_EXIT_MISTAKE = 1, /* it could not start; the operator mends what standard error says */
    TB_EXIT_USAGE = 2,
    TB_EXIT_STORE = 3, /* the store failed: nothing was sent; start again */
};

#endif
