#ifndef TB_HOME_H
#define TB_HOME_H

#include <stdint.h>

#include "base/diag.h"
#include "base/io/files.h"
#include "base/status.h"
#include "node/cli/language.h"

/*
 * home - which node the command line speaks to.
 *
 * "--node FOLDER|CONFIG, else TONGBAO_NODE, else /etc/tongbao/node.conf". Only
 * what this program needs is read of the configuration; whether the whole of it
 * is right is judged by tongbao-node --check-config.
 */
#define TB_HOME_CONFIG_DEFAULT "/etc/tongbao/node.conf"

struct tb_home {
    char config[TB_FILES_PATH_BYTES_MAX];
    char folder[TB_FILES_PATH_BYTES_MAX]; /* of the configuration */
    char data[TB_FILES_PATH_BYTES_MAX];   /* of the store */
    char socket[TB_FILES_PATH_BYTES_MAX];
    uint32_t office;
    enum tb_language language;
};

/*
 * Find and read the configuration; ${option} is the value of --node (NULL: not
 * written), ${variable} that of TONGBAO_NODE (NULL: not set). TB_UNKNOWN when
 * the file does not exist, TB_INPUT when it names no office, TB_IO, TB_TOOBIG,
 * each told in ${diag}, whose file is borrowed from ${home}. Whatever was read
 * is set also on failure.
 */
enum tb_status tb_home_find(struct tb_home *home, const char *option, const char *variable,
                            struct tb_diag *diag) TB_MUST_USE;

#endif
