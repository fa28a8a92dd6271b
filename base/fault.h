#ifndef TB_FAULT_H
#define TB_FAULT_H

/*
 * fault - our own bug, found by ourselves.
 *
 * tb_assert is always compiled in: a process that has lost its own thread must
 * stop before COMMIT, send nothing, and come back from the store. Split
 * compound conditions, so that the line says which half failed.
 */
#define tb_assert(condition)                                                                       \
    ((condition) ? (void)0 : tb_assert_failed(#condition, __FILE__, __LINE__))

/* Say where, and abort. Alone in its object file, so that a test may put its
 * own in its place. */
_Noreturn void tb_assert_failed(const char *condition, const char *file, int line);

#endif
