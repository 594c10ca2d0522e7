/* A disk that loses power: whatever was not fsynced is gone. Preloaded into a process; files below $MEER_DISK are
   copied to $MEER_SURVIVES at each fsync or fdatasync, names at each fsync of their folder. After the process is
   killed, $MEER_SURVIVES holds what a disk would still hold. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;

static int copy(const char *from, const char *to) {
  char part[4200], buffer[65536];
  snprintf(part, sizeof part, "%s.part", to);
  int in = open(from, O_RDONLY), out = open(part, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (in < 0 || out < 0) { if (in >= 0) close(in); if (out >= 0) close(out); return -1; }
  ssize_t n;
  while ((n = read(in, buffer, sizeof buffer)) > 0) if (write(out, buffer, n) != n) { n = -1; break; }
  close(in);
  close(out);
  return n == 0 ? rename(part, to) : -1;
}

static void folder_synced(const char *disk, const char *survives) {
  DIR *dir = opendir(survives);
  struct dirent *entry;
  char a[4200];
  if (!dir) return;
  while ((entry = readdir(dir))) { /* names that are gone from the disk are gone for good now */
    if (entry->d_name[0] == '.') continue;
    snprintf(a, sizeof a, "%s/%s", disk, entry->d_name);
    if (access(a, F_OK) != 0) { snprintf(a, sizeof a, "%s/%s", survives, entry->d_name); unlink(a); }
  }
  closedir(dir);
}

static void synced(int fd) {
  const char *disk = getenv("MEER_DISK"), *survives = getenv("MEER_SURVIVES");
  char link[64], path[4096], target[4200];
  struct stat info;
  if (!disk || !survives) return;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, sizeof path - 1);
  if (n <= 0) return;
  path[n] = 0;
  size_t length = strlen(disk);
  if (strncmp(path, disk, length) != 0 || stat(path, &info) != 0) return;
  snprintf(target, sizeof target, "%s%s", survives, path + length);
  pthread_mutex_lock(&one);
  if (S_ISDIR(info.st_mode)) folder_synced(path, target);
  else copy(path, target);
  pthread_mutex_unlock(&one);
}

int fsync(int fd) {
  static int (*real)(int);
  if (!real) real = dlsym(RTLD_NEXT, "fsync");
  int result = real(fd), kept = errno;
  if (result == 0) synced(fd);
  errno = kept;
  return result;
}

int fdatasync(int fd) {
  static int (*real)(int);
  if (!real) real = dlsym(RTLD_NEXT, "fdatasync");
  int result = real(fd), kept = errno;
  if (result == 0) synced(fd);
  errno = kept;
  return result;
}
