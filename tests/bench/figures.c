#include "tests/bench/figures.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { SAMPLES_FIRST = 256, LINE_BYTES_MAX = 4096 };

uint64_t tb_figures_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* ------------------------------------------------------------- samples */

void tb_samples_add(struct tb_samples *samples, double value)
{
    if (samples->count == samples->room) {
        size_t room = samples->room == 0 ? (size_t)SAMPLES_FIRST : 2 * samples->room;
        double *grown = realloc(samples->values, room * sizeof *grown);
        assert_non_null(grown);
        samples->values = grown;
        samples->room = room;
    }
    assert_true(samples->count < TB_FIGURES_SAMPLES_MAX);
    samples->values[samples->count++] = value;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

double tb_samples_at(struct tb_samples *samples, double percent)
{
    if (samples->count == 0) {
        return 0.0;
    }
    qsort(samples->values, samples->count, sizeof samples->values[0], compare);
    size_t at = (size_t)((double)samples->count * percent / 100.0);
    return samples->values[at < samples->count ? at : samples->count - 1];
}

void tb_samples_free(struct tb_samples *samples)
{
    free(samples->values);
    *samples = (struct tb_samples){0};
}

/* ------------------------------------------------------------ printing */

void tb_figures_print(const char *name, double value)
{
    printf("figure %s %.3f\n", name, value);
    fflush(stdout);
}

void tb_figures_beside(const char *name, double value)
{
    printf("beside %s %.3f\n", name, value);
    fflush(stdout);
}

void tb_figures_say(const char *format, ...)
{
    va_list args;
    printf("say ");
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    fflush(stdout);
}

/* ----------------------------------------------------------- processes */

/* The beginning of a small file of /proc. */
static void read_proc(char out[LINE_BYTES_MAX], int pid, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fail_msg("process %d is gone", pid);
        return;
    }
    size_t size = fread(out, 1, LINE_BYTES_MAX - 1, file);
    out[size] = '\0';
    fclose(file);
}

long tb_figures_rss_kib(int pid)
{
    char text[LINE_BYTES_MAX];
    read_proc(text, pid, "status");
    const char *line = strstr(text, "VmRSS:");
    assert_non_null(line);
    return strtol(line + strlen("VmRSS:"), NULL, 10);
}

double tb_figures_cpu_ms(int pid)
{
    char text[LINE_BYTES_MAX];
    unsigned long user = 0;
    unsigned long system = 0;
    read_proc(text, pid, "stat");
    /* The program's name stands in brackets and may hold blanks; after it come
     * the fields from the third on, and these are the 14th and 15th. */
    const char *rest = strrchr(text, ')');
    assert_non_null(rest);
    int read =
        sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    assert_int_equal(read, 2);
    return (double)(user + system) * 1000.0 / (double)sysconf(_SC_CLK_TCK);
}

double tb_figures_load(void)
{
    double load = 0.0;
    FILE *file = fopen("/proc/loadavg", "r");
    assert_non_null(file);
    int read = fscanf(file, "%lf", &load);
    fclose(file);
    assert_int_equal(read, 1);
    return load;
}

/* ------------------------------------------------------------- options */

static void usage(FILE *out, const struct tb_option *options, const char *program)
{
    fprintf(out, "usage: %s", program);
    for (const struct tb_option *o = options; o->name != NULL; o++) {
        fprintf(out, " [--%s N]", o->name);
    }
    fprintf(out, "\n\n");
    for (const struct tb_option *o = options; o->name != NULL; o++) {
        fprintf(out, "  --%-12s %s (%ld to %ld; %ld)\n", o->name, o->what, o->min, o->max,
                o->value);
    }
}

static struct tb_option *find(struct tb_option *options, const char *argument)
{
    if (strncmp(argument, "--", 2) != 0) {
        return NULL;
    }
    for (struct tb_option *o = options; o->name != NULL; o++) {
        if (strcmp(o->name, argument + 2) == 0) {
            return o;
        }
    }
    return NULL;
}

static bool take(struct tb_option *option, const char *text)
{
    char *end = NULL;
    if (option == NULL || text == NULL || text[0] == '\0') {
        return false;
    }
    option->value = strtol(text, &end, 10);
    return *end == '\0' && option->value >= option->min && option->value <= option->max;
}

void tb_option_read(struct tb_option *options, int count, char *const arguments[])
{
    for (int i = 1; i < count; i += 2) {
        if (strcmp(arguments[i], "--help") == 0) {
            usage(stdout, options, arguments[0]);
            exit(0);
        }
        if (!take(find(options, arguments[i]), i + 1 < count ? arguments[i + 1] : NULL)) {
            fprintf(stderr, "%s: not understood: %s\n", arguments[0], arguments[i]);
            usage(stderr, options, arguments[0]);
            exit(2);
        }
    }
}

long tb_option_value(const struct tb_option *options, const char *name)
{
    for (const struct tb_option *o = options; o->name != NULL; o++) {
        if (strcmp(o->name, name) == 0) {
            return o->value;
        }
    }
    fail_msg("no option %s", name);
    return 0;
}
