#ifndef TB_SHAPE_H
#define TB_SHAPE_H

#include <stdbool.h>

#include "broker/io/settings.h"

/*
 * shape - `tongbao-broker --status`: what waits for whom, and for how long.
 *
 * Opens the store as a reader, beside a running broker or without one, and
 * writes to standard output: per office and lane the last seq, what the office
 * has stored, how many wait and the age of the oldest; then the directories in
 * force. With ${json} an object { "broker", "lanes": [ … ], "directories": [ … ] }.
 */
enum tb_status tb_shape_print(const struct tb_settings *settings, bool json,
                              struct tb_diag *diag) TB_MUST_USE;

#endif
