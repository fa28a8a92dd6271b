#ifndef TB_TREE_H
#define TB_TREE_H

/*
 * tree - folders of a test: copy, remove, read, and show the end of a file.
 *
 * Each call fails the test when it cannot do its work.
 */
void tb_tree_copy(const char *from, const char *to);
/* A folder with all below it, or nothing when there is none. */
void tb_tree_remove(const char *path);
void tb_tree_write(const char *path, const char *text);
void tb_tree_append(const char *path, const char *text);
/* The whole of a text file, NUL-terminated, owned by the caller. */
char *tb_tree_read(const char *path);
/* Take every line out of a text file that has both ${a} and ${b}; how many. */
int tb_tree_drop_lines(const char *path, const char *a, const char *b);
/* The last ${lines} lines of ${path} on standard error, headed by its name. */
void tb_tree_show_end(const char *path, int lines);

#endif
