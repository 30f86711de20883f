// What Android's C library has and glibc has not, or does otherwise: enough for TFLite's native library, on the host.
// Names with a capital letter stand for the same names in lower case, which `port_library.py` renames in the library.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <locale.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ANDROID_FILE_BYTES = 152 };  // sizeof(FILE) on 64-bit Android

char __sF[3 * ANDROID_FILE_BYTES];  // its stdin, stdout and stderr

static FILE *host_file(FILE *file) {
  size_t place = (char *)file - __sF;
  if (place >= sizeof __sF) return file;
  FILE *const files[] = {stdin, stdout, stderr};
  return files[place / ANDROID_FILE_BYTES];
}

int *__errno(void) { return &errno; }
// Android looks among a library's own names too, and so Java's interpreter finds XNNPACK.
void *Dlsym(void *handle, const char *name) {
  void *found = dlsym(handle, name);
  Dl_info caller;
  if (found || handle != RTLD_DEFAULT || !dladdr(__builtin_return_address(0), &caller)) return found;
  void *own = dlopen(caller.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  return own ? dlsym(own, name) : NULL;
}
// XNNPACK of version 2.16.1 for Android aligns to 32 bytes, and chooses kernels for AVX-512 that need 64.
void *Memalign(size_t alignment, size_t size) { return memalign(alignment < 64 ? 64 : alignment, size); }
int Vfprintf(FILE *file, const char *format, va_list values) { return vfprintf(host_file(file), format, values); }
int Fprintf(FILE *file, const char *format, ...) {
  va_list values;
  va_start(values, format);
  int written = vfprintf(host_file(file), format, values);
  va_end(values);
  return written;
}
int Fputc(int letter, FILE *file) { return fputc(letter, host_file(file)); }
size_t Fwrite(const void *data, size_t size, size_t count, FILE *file) {
  return fwrite(data, size, count, host_file(file));
}
int Fflush(FILE *file) { return fflush(file ? host_file(file) : NULL); }
int Fileno(FILE *file) { return fileno(host_file(file)); }
size_t __strlen_chk(const char *text, size_t size) { return strlen(text); }
// Only the version of the system is known, Android 14: below 20 Java's interpreter leaves out XNNPACK.
int __system_property_get(const char *name, char *value) {
  strcpy(value, strcmp(name, "ro.build.version.sdk") ? "" : "34");
  return strlen(value);
}
void android_set_abort_message(const char *text) { fprintf(stderr, "abort: %s\n", text); }
int __android_log_vprint(int level, const char *tag, const char *format, va_list values) {
  if (level < 5) return 0;  // what is no warning TensorFlow Lite writes to stderr too
  vfprintf(stderr, format, values);
  return fputc('\n', stderr);
}
int __android_log_print(int level, const char *tag, const char *format, ...) {
  va_list values;
  va_start(values, format);
  int written = __android_log_vprint(level, tag, format, values);
  va_end(values);
  return written;
}
long Sysconf(int name) {  // Android numbers its names otherwise
  switch (name) {
    case 0x06: return sysconf(_SC_CLK_TCK);
    case 0x27:
    case 0x28: return sysconf(_SC_PAGESIZE);
    case 0x60: return sysconf(_SC_NPROCESSORS_CONF);
    case 0x61: return sysconf(_SC_NPROCESSORS_ONLN);
    case 0x62: return sysconf(_SC_PHYS_PAGES);
  }
  return -1;
}
locale_t Newlocale(int mask, const char *name, locale_t old) { return newlocale(LC_ALL_MASK, name, old); }
int Strerror_r(int number, char *text, size_t size) { return __xpg_strerror_r(number, text, size); }
