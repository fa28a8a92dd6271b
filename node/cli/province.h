#ifndef TB_PROVINCE_H
#define TB_PROVINCE_H

#include "node/cli/cli.h"

/*
 * province - how a province makes and signs its directory.
 *
 *   root key (offline)                requests of offices, brokers, rivers
 *        |                                        |
 *        |                       draft --admit, broker, rivers, retire, revoke--> draft
 *        +------------ sign ------------------->  |
 *                                        14.directory --take--> every node
 *
 * Each is one word of `tongbao directory`, takes the sorted command line and
 * gives back the exit status with whatever went wrong said.
 */
int tb_province_root(struct tb_cli *cli, const struct tb_args *args);
int tb_province_admit(struct tb_cli *cli, const struct tb_args *args);
int tb_province_broker(struct tb_cli *cli, const struct tb_args *args);
int tb_province_rivers(struct tb_cli *cli, const struct tb_args *args);
int tb_province_retire(struct tb_cli *cli, const struct tb_args *args);
int tb_province_revoke(struct tb_cli *cli, const struct tb_args *args);
int tb_province_sign(struct tb_cli *cli, const struct tb_args *args);
int tb_province_show(struct tb_cli *cli, const struct tb_args *args);
int tb_province_take(struct tb_cli *cli, const struct tb_args *args);

#endif
