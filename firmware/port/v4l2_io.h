/* The system calls of a Video4Linux2 device, apart so that a test can be the kernel: v4l2_linux.c
 * makes them, tests/fake/v4l2_fake.c pretends. 0 or a value on success, -errno otherwise. */
#ifndef PARVIS_PORT_V4L2_IO_H
#define PARVIS_PORT_V4L2_IO_H

#include "base/cc.h"

#include <stdint.h>

/* A descriptor that poll() understands. */
NODISCARD int v4l2_io_open(const char *path);
void v4l2_io_close(int fd);

/* Tried again when a signal cuts it short. */
NODISCARD int v4l2_io_control(int fd, unsigned long request, void *argument);

/* length bytes of the driver's memory for reading, *out only on success. */
NODISCARD int v4l2_io_map(int fd, void **out, size_t length, uint32_t offset);
void v4l2_io_unmap(void *memory, size_t length);

#endif
