#include "port/drive.h"

#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <libudev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

struct drive {
	char dir[PATH_MAX]; /* in place of a stick; "" = none */
	struct udev *udev;
	struct udev_monitor *monitor;
	dev_t mounted; /* by us, at DRIVE_OWN_DIR; 0 = none */
};

/* --- where it is mounted -----------------------------------------------------------------------
 */

/* Octal escapes of mountinfo: a blank is \040. */
static void unescape(char *text)
{
	char *out = text;
	for (const char *p = text; *p;) {
		bool octal = p[0] == '\\' && strspn(p + 1, "01234567") >= 3;
		if (octal) {
			*out++ = (char)((p[1] - '0') * 64 + (p[2] - '0') * 8 + (p[3] - '0'));
			p += 4;
		} else {
			*out++ = *p++;
		}
	}
	*out = '\0';
}

static bool is_place_of_sticks(const char *path)
{
	static const char *const places[] = { "/media/", "/run/media/", "/mnt/", "/mnt",
		DRIVE_OWN_DIR };
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		size_t n = strlen(places[i]);
		bool below = places[i][n - 1] == '/';
		if (below ? !strncmp(path, places[i], n) : !strcmp(path, places[i]))
			return true;
	}
	return false;
}

/* A line: 36 35 8:1 / /media/stick rw,nosuid … - vfat /dev/sda1 rw */
enum drive_mount drive_mounted_at(
	const char *mountinfo, unsigned major, unsigned minor, char out[PATH_MAX])
{
	enum drive_mount how = DRIVE_NOWHERE;
	for (const char *line = mountinfo; *line;) {
		unsigned a, b;
		char path[PATH_MAX] = "", format[40];
		snprintf(format, sizeof(format), "%%*u %%*u %%u:%%u %%*s %%%ds", PATH_MAX - 1);
		int n = sscanf(line, format, &a, &b, path);
		if (n == 3 && a == major && b == minor) {
			unescape(path);
			if (is_place_of_sticks(path)) {
				text_copy(out, PATH_MAX, path);
				return DRIVE_AS_STICK;
			}
			how = DRIVE_AS_DISK;
		}
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return how;
}

static char *read_mountinfo(void)
{
	AUTO_FILE in = fopen("/proc/self/mountinfo", "re");
	char *text = NULL;
	size_t capacity = 0;
	if (!in)
		return NULL;
	ssize_t n = getdelim(&text, &capacity, '\0', in);
	if (n >= 0)
		return text;
	free(text);
	return NULL;
}

/* --- mounting, where we may --------------------------------------------------------------------
 */

static void let_go(struct drive *d)
{
	if (d->mounted && umount2(DRIVE_OWN_DIR, MNT_DETACH))
		log_warning(DRIVE_OWN_DIR ": cannot be unmounted: %s", strerror(errno));
	d->mounted = 0;
}

static bool mount_it(struct drive *d, const char *node, const char *type, dev_t device)
{
	if (geteuid() != 0 || (mkdir(DRIVE_OWN_DIR, 0700) && errno != EEXIST))
		return false;
	let_go(d);
	if (mount(node, DRIVE_OWN_DIR, type, MS_NOEXEC | MS_NOSUID | MS_NODEV | MS_NOATIME,
		    "umask=077")) {
		log_warning("%s: cannot be mounted: %s", node, strerror(errno));
		return false;
	}
	d->mounted = device;
	return true;
}

/* --- sticks ------------------------------------------------------------------------------------
 */

static bool is_taken(const char *type)
{
	return type && (!strcmp(type, "vfat") || !strcmp(type, "exfat"));
}

static void look_at(
	struct drive *d, struct udev_device *stick, const char *mountinfo, struct drive_news *out)
{
	const char *node = udev_device_get_devnode(stick);
	const char *type = udev_device_get_property_value(stick, "ID_FS_TYPE");
	dev_t device = udev_device_get_devnum(stick);
	if (out->state == DRIVE_IN || !node || !type)
		return;
	enum drive_mount how = DRIVE_NOWHERE;
	if (mountinfo)
		how = drive_mounted_at(mountinfo, major(device), minor(device), out->dir);
	if (how == DRIVE_AS_DISK)
		return;
	out->state = DRIVE_STRANGE;
	if (how == DRIVE_AS_STICK) {
		out->state = DRIVE_IN;
	} else if (is_taken(type) && mount_it(d, node, type, device)) {
		text_copy(out->dir, sizeof(out->dir), DRIVE_OWN_DIR);
		out->state = DRIVE_IN;
	}
}

static void look_at_all(struct drive *d, struct drive_news *out)
{
	struct udev_enumerate *all = udev_enumerate_new(d->udev);
	AUTO_FREE char *mountinfo = read_mountinfo();
	struct udev_list_entry *entry;
	if (!all)
		return;
	udev_enumerate_add_match_subsystem(all, "block");
	udev_enumerate_add_match_property(all, "ID_BUS", "usb");
	udev_enumerate_add_match_property(all, "ID_FS_USAGE", "filesystem");
	udev_enumerate_scan_devices(all);
	udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(all))
	{
		struct udev_device *stick =
			udev_device_new_from_syspath(d->udev, udev_list_entry_get_name(entry));
		if (!stick)
			continue;
		look_at(d, stick, mountinfo, out);
		udev_device_unref(stick);
	}
	udev_enumerate_unref(all);
	if (out->state != DRIVE_IN)
		let_go(d);
}

void drive_look(struct drive *d, struct drive_news *out)
{
	struct udev_device *told;
	struct stat st;
	*out = (struct drive_news){ .state = DRIVE_NONE };
	if (*d->dir) {
		if (stat(d->dir, &st) || !S_ISDIR(st.st_mode))
			return;
		text_copy(out->dir, sizeof(out->dir), d->dir);
		out->state = DRIVE_IN;
		return;
	}
	/* Who has come or gone is not asked of the message, which may be an old one. */
	while ((told = udev_monitor_receive_device(d->monitor)))
		udev_device_unref(told);
	look_at_all(d, out);
}

int drive_open(struct drive **out, const char *dir)
{
	struct drive *d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	if (dir) {
		text_copy(d->dir, sizeof(d->dir), dir);
		*out = d;
		return 0;
	}
	d->udev = udev_new();
	d->monitor = d->udev ? udev_monitor_new_from_netlink(d->udev, "udev") : NULL;
	if (!d->monitor ||
		udev_monitor_filter_add_match_subsystem_devtype(d->monitor, "block", NULL) < 0 ||
		udev_monitor_enable_receiving(d->monitor) < 0) {
		drive_close(d);
		return -ENODEV;
	}
	*out = d;
	return 0;
}

int drive_fd(const struct drive *d)
{
	return d->monitor ? udev_monitor_get_fd(d->monitor) : -1;
}

void drive_close(struct drive *d)
{
	if (!d)
		return;
	let_go(d);
	udev_monitor_unref(d->monitor);
	udev_unref(d->udev);
	free(d);
}
