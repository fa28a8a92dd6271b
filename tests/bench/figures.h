#ifndef TB_FIGURES_H
#define TB_FIGURES_H

#include <stddef.h>
#include <stdint.h>

/*
 * figures - what a bench program measured, and how it says so.
 *
 * Lines on standard output, in an order of their own, read by scripts/bench:
 *
 *     figure NAME VALUE      one of the named figures, in the unit of its name
 *     beside NAME VALUE      what stands beside a figure and has no target
 *     say TEXT               a sentence for people
 *
 * Times are microseconds of CLOCK_MONOTONIC, which all processes of one machine
 * share. Samples are kept whole and sorted when a percentile is asked for.
 */
enum { TB_FIGURES_SAMPLES_MAX = 100 * 1000 };

/* A list of times or sizes; zero it, add to it, give it back. */
struct tb_samples {
    double *values;
    size_t count;
    size_t room;
};

uint64_t tb_figures_now_us(void);

void tb_samples_add(struct tb_samples *samples, double value);
/* The value below which ${percent} of all lie; 0 without any. Sorts. */
double tb_samples_at(struct tb_samples *samples, double percent);
void tb_samples_free(struct tb_samples *samples);

void tb_figures_print(const char *name, double value);
void tb_figures_beside(const char *name, double value);
void tb_figures_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Resident memory of the process ${pid} in KiB, and the processor time that it
 * has used in milliseconds; fail the run when it is gone. */
long tb_figures_rss_kib(int pid);
double tb_figures_cpu_ms(int pid);

/* The mean load of the machine in the last minute. */
double tb_figures_load(void);

/*
 * One number of the command line: --NAME VALUE. The table ends with a row whose
 * name is NULL; ${value} begins with its default.
 */
struct tb_option {
    const char *name;
    const char *what;
    long value;
    long min;
    long max;
};

/* Read the arguments into the table; prints the usage and exits with 0 for
 * --help, with 2 for anything that is not in the table or out of its bounds. */
void tb_option_read(struct tb_option *options, int count, char *const arguments[]);
long tb_option_value(const struct tb_option *options, const char *name);

#endif
