// SPDX-License-Identifier: Apache-2.0
// Figures for people: four digits, and a prefix where the unit takes one.
#ifndef NP_COORDINATOR_CAMPAIGN_FIGURE_TEXT_H
#define NP_COORDINATOR_CAMPAIGN_FIGURE_TEXT_H

#define FIGURE_TEXT_SIZE 32

// 1234567 with unit "1/s" is "1.235 M", 0.1234 without a unit "0.1234". Returns `text`.
const char *figure_text(double value, const char *unit, char text[FIGURE_TEXT_SIZE]);

#endif
