#ifndef TB_LANGUAGE_H
#define TB_LANGUAGE_H

/*
 * language - in which language people are spoken to.
 *
 * "By `language` in the configuration, else LANGUAGE, LC_ALL, LC_MESSAGES,
 * LANG, else Chinese." No locale need be generated on the machine: the program
 * itself always runs under C.UTF-8, and tells gettext the language.
 */
enum tb_language {
    TB_LANGUAGE_NONE, /* nothing said */
    TB_LANGUAGE_ZH,
    TB_LANGUAGE_EN,
};

/*
 * The language that ${value} names: the first known one of a list "zh_CN:en",
 * or of a locale's name "en_GB.UTF-8". "C" and "POSIX" ask for the untranslated
 * text, which is English; "C.UTF-8" and languages that this program does not
 * speak name none.
 */
enum tb_language tb_language_of(const char *value);

/* The first of the places above that names one; ${configured} is that of the
 * configuration, ${get} looks up the environment (getenv). */
enum tb_language tb_language_choose(enum tb_language configured, char *(*get)(const char *name));

/* Put ${language} in force for everything printed from now on; may be called
 * again. */
void tb_language_use(enum tb_language language);
/* The one in force. */
enum tb_language tb_language_used(void);

#endif
