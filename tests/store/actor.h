#ifndef TB_STORE_ACTOR_H
#define TB_STORE_ACTOR_H

#include "base/db.h"
#include "base/outbox.h"

/*
 * actor - a node or a broker that does a few things one after another, each in turns
 * of its own, on a disk that may fail. The same every time: what it stores depends on
 * nothing but how far it came.
 */
struct actor {
    const char *name; /* of its disk, too */
    const char *path;
    const struct tb_db_schema *(*schema)(void);
    /* Make the store, and all that is done before anything fails. */
    void (*begin)(void);
    /* Do the ${nth} thing of `acts`; how its turn, or the move of the log, ended. */
    enum tb_status (*act)(size_t nth);
    size_t acts;
    /* The ${nth} met a full disk: who asked was told, and nobody was promised anything. */
    bool (*told)(size_t nth);
    /* There is room again, or another process has come: be linked and greeted. */
    void (*resume)(void);
    void (*close)(void);
    /* Open it again on what is left there. */
    void (*reopen)(void);
    struct tb_db *(*db)(void);
    const struct tb_outbox *(*out)(void); /* of the last act */
};

extern const struct actor actor_node;
extern const struct actor actor_broker;

#endif
