#ifndef TB_CLI_RUN_H
#define TB_CLI_RUN_H

#include <stddef.h>

/* cli_run - run a program, wait for it, and keep what it printed. */

enum { CLI_RUN_OUTPUT_BYTES = 64 * 1024 };

struct cli_run {
    int status;                        /* of its exit; -1 when it could not be run or was killed */
    char output[CLI_RUN_OUTPUT_BYTES]; /* stdout and stderr, with a NUL, cut to fit */
};

/* Run ${argv}[0], looked for on PATH, with the environment ${envp}. */
void cli_run(struct cli_run *run, const char *const argv[], const char *const envp[]);

#endif
