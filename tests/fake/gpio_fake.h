/* A GPIO chip in the test's hand: it takes the place of port/gpio_v1.c and gpio_v2.c. */
#ifndef PARVIS_FAKE_GPIO_H
#define PARVIS_FAKE_GPIO_H

#include <stdbool.h>
#include <stdint.h>

#define GPIO_FAKE_CHIP  "/dev/gpiochip-of-the-test"
#define GPIO_FAKE_LINES 32

/* Chip present, every line good, off and free. */
void gpio_fake_reset(void);

/* Pulls the chip out, or puts it back: lines that were open stay lost. */
void gpio_fake_present(bool present);

/* From now on this line fails, or works again. */
void gpio_fake_break(unsigned line, bool broken);

/* Whether the line is on; -1 where nobody has it as an output. */
int gpio_fake_level(unsigned line);

/* Whether anybody has the line. */
bool gpio_fake_is_open(unsigned line);

/* An edge of an input. At most 64 may wait. */
void gpio_fake_edge(unsigned line, bool on, int64_t ms);

#endif
