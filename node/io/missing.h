#ifndef TB_MISSING_H
#define TB_MISSING_H

#include <stddef.h>

#include "proto/tongbao.pb-c.h"

/*
 * missing - which elements of Order 17 a notice does not have, so that they can
 * be chased. Never a ground to wait (I6).
 *
 * Art. 13: 初报应当报告突发环境事件的发生时间、地点、信息来源、事件起因和性质、
 * 基本过程、主要污染物和数量、监测数据、人员受害情况、饮用水水源地等环境敏感点受
 * 影响情况、事件发展趋势、处置情况、拟采取的措施以及下一步工作建议等初步情况；续报
 * 应当在初报的基础上，报告有关处置进展情况。Art. 14: 书面报告中应当写明突发环境事件
 * 报告单位、报告签发人、联系人及联系方式.
 */
enum { TB_MISSING_MAX = 17 };

/* The keys of what is absent, in the order of the articles; returns how many. A first notice is
 * measured by both articles, a follow-up and a final one by 处置情况 and Art. 14, any other by
 * Art. 14. 报告单位 is filled in by the program. */
size_t tb_missing_list(const Tongbao__Notice *notice, const char *names[TB_MISSING_MAX]);

#endif
