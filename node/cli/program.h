#ifndef TB_PROGRAM_H
#define TB_PROGRAM_H

#include <stdbool.h>

#include "base/status.h"

/*
 * program - where this program lies, and its sister tongbao-node.
 */
enum { TB_PROGRAM_PATH_BYTES_MAX = 1024 };

/* The folder of the running program; false when the system does not tell. */
bool tb_program_folder(char out[TB_PROGRAM_PATH_BYTES_MAX]);

/*
 * Run tongbao-node, its stdout thrown away, with the NULL-terminated ${argv} (argv[0] is filled in
 * by the callee) and wait for its end: its exit status in ${exit_status}, 128 and the number of the
 * signal when one ended it. It is looked for beside this program, one folder above (a build), then
 * on PATH. TB_UNKNOWN when it is found nowhere.
 */
enum tb_status tb_program_node(char *argv[], int *exit_status) TB_MUST_USE;

#endif
