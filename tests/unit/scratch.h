#ifndef TB_SCRATCH_H
#define TB_SCRATCH_H

/* scratch - a folder of one test's own, made anew and removed with its files. */

enum { SCRATCH_PATH_BYTES = 512 };

/* cmocka's setup and teardown; *${state} is the folder's path. */
int scratch_setup(void **state);
int scratch_teardown(void **state);

/* "${folder}/${name}" into ${out}. */
const char *scratch_path(char out[SCRATCH_PATH_BYTES], const char *folder, const char *name);

#endif
