/*
 * A PKCS#11 module for tests: forwards everything to the module in $SHIM_MODULE and misbehaves on order.
 * $SHIM_CONTROL is a file with one word, read at each call:
 *   slow            C_Sign takes 300 ms longer
 *   hang            C_Sign never returns
 *   device-error    C_Sign answers CKR_DEVICE_ERROR
 *   device-removed  C_Sign answers CKR_DEVICE_REMOVED, C_GetTokenInfo CKR_TOKEN_NOT_PRESENT
 *   session-invalid C_SignInit answers CKR_SESSION_HANDLE_INVALID
 *   wrong           C_Sign flips a bit of the signature
 *   crash           C_Sign ends the process with SIGSEGV, after the key was used
 *   logged-out      C_SignInit answers CKR_USER_NOT_LOGGED_IN
 *   final-try       C_GetTokenInfo says CKF_USER_PIN_FINAL_TRY
 *   pin-incorrect   C_Login answers CKR_PIN_INCORRECT
 *   locked          C_Login answers CKR_PIN_LOCKED
 *   slow-login      C_Login takes 2 s longer
 * A word that ends in "-once" does it one time: the file is removed. After the word may stand the label of a token, behind a
 * space: then the others behave.
 * $SHIM_SIGN_MS: milliseconds that each C_Sign takes longer, of whatever token.
 *
 * $SHIM_LOG gets a line for each
 *   C_Login PID             when it is called
 *   login PID SLOT RV       when it answers
 *   fault PID WORD         when it misbehaves
 *   sign PID SLOT DIGEST    when a signature was made: the last 32 bytes of what was signed, hexadecimal
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef unsigned long CK_ULONG;
typedef CK_ULONG CK_RV;
typedef unsigned char CK_BYTE;
typedef struct { CK_BYTE major, minor; } CK_VERSION;
typedef struct { CK_ULONG slot, state, flags, error; } CK_SESSION_INFO;

/* CK_FUNCTION_LIST of v2.40: a version, then 68 pointers in the order of pkcs11f.h. */
enum { functions = 68, get_function_list = 3, get_token_info = 6, get_session_info = 15, login = 18, sign_init = 42, sign = 43 };
typedef struct { CK_VERSION version; void *function[functions]; } FunctionList;

static FunctionList ours;
static FunctionList *theirs;

/* One write for each line: several processes append to the file. */
static void record(const char *line) {
  const char *log = getenv("SHIM_LOG");
  FILE *file = log ? fopen(log, "a") : NULL;
  if (!file) return;
  fputs(line, file);
  fclose(file);
}

/* CK_TOKEN_INFO: label 32, manufacturer 32, model 16, serial 16, then the flags. */
enum { label_length = 32, flags_offset = 96 };

static int has_label(CK_ULONG slot, const char *label) {
  CK_BYTE info[512] = {0};
  if (((CK_RV(*)(CK_ULONG, CK_BYTE *))theirs->function[get_token_info])(slot, info) != 0) return 0;
  size_t length = strlen(label);
  return length <= label_length && memcmp(info, label, length) == 0 && (length == label_length || info[length] == ' ');
}

static int is_ordered(const char *word, CK_ULONG slot) {
  const char *path = getenv("SHIM_CONTROL");
  char found[64] = "", label[label_length + 1] = "";
  FILE *file = path ? fopen(path, "r") : NULL;
  if (!file) return 0;
  if (fscanf(file, "%63s %32s", found, label) < 1) found[0] = 0;
  fclose(file);
  if (strncmp(found, word, strlen(word)) != 0 || (label[0] && !has_label(slot, label))) return 0;
  size_t length = strlen(word);
  if (strcmp(found + length, "-once") == 0) return unlink(path) == 0;
  return found[length] == 0;
}

static int ordered(const char *word, CK_ULONG slot) {
  if (!is_ordered(word, slot)) return 0;
  char line[128];
  snprintf(line, sizeof line, "fault %d %s\n", (int)getpid(), word);
  record(line);
  return 1;
}

static CK_ULONG slot_of(CK_ULONG session) {
  CK_SESSION_INFO info = {0};
  ((CK_RV(*)(CK_ULONG, CK_SESSION_INFO *))theirs->function[get_session_info])(session, &info);
  return info.slot;
}

static CK_RV shim_login(CK_ULONG session, CK_ULONG user, CK_BYTE *pin, CK_ULONG length) {
  char line[128];
  snprintf(line, sizeof line, "C_Login %d\n", (int)getpid());
  record(line);
  CK_RV rv;
  CK_ULONG slot = slot_of(session);
  if (ordered("locked", slot)) rv = 0xA4;
  else if (ordered("pin-incorrect", slot)) rv = 0xA0;
  else rv = ((CK_RV(*)(CK_ULONG, CK_ULONG, CK_BYTE *, CK_ULONG))theirs->function[login])(session, user, pin, length);
  snprintf(line, sizeof line, "login %d %lu %lu\n", (int)getpid(), slot, rv);
  record(line);
  if (ordered("slow-login", slot)) sleep(2);
  return rv;
}

static CK_RV shim_sign_init(CK_ULONG session, void *mechanism, CK_ULONG key) {
  CK_ULONG slot = slot_of(session);
  if (ordered("logged-out", slot)) return 0x101;
  if (ordered("session-invalid", slot)) return 0xB3;
  return ((CK_RV(*)(CK_ULONG, void *, CK_ULONG))theirs->function[sign_init])(session, mechanism, key);
}

static CK_RV shim_sign(CK_ULONG session, CK_BYTE *data, CK_ULONG length, CK_BYTE *out, CK_ULONG *out_length) {
  const char *sign_ms = getenv("SHIM_SIGN_MS");
  CK_ULONG slot = slot_of(session);
  if (sign_ms) usleep(1000 * (useconds_t)atoi(sign_ms));
  if (ordered("hang", slot)) for (;;) sleep(1);
  if (ordered("slow", slot)) usleep(300000);
  if (ordered("device-error", slot)) return 0x30;
  if (ordered("device-removed", slot)) return 0x32;
  CK_RV rv = ((CK_RV(*)(CK_ULONG, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG *))theirs->function[sign])(
      session, data, length, out, out_length);
  if (rv != 0 || !out) return rv;
  char line[192];
  int at = snprintf(line, sizeof line, "sign %d %lu ", (int)getpid(), slot);
  for (CK_ULONG i = length > 32 ? length - 32 : 0; i < length; i++) at += snprintf(line + at, sizeof line - at, "%02x", data[i]);
  snprintf(line + at, sizeof line - at, "\n");
  record(line);
  if (ordered("crash", slot)) kill(getpid(), SIGSEGV), sleep(60);
  if (ordered("wrong", slot)) out[*out_length - 1] ^= 1;
  return rv;
}

static CK_RV shim_get_token_info(CK_ULONG slot, CK_BYTE *info) {
  if (ordered("device-removed", slot)) return 0xE0;
  CK_RV rv = ((CK_RV(*)(CK_ULONG, CK_BYTE *))theirs->function[get_token_info])(slot, info);
  if (rv == 0 && ordered("final-try", slot)) *(CK_ULONG *)(info + flags_offset) |= 0x20000;
  return rv;
}

CK_RV C_GetFunctionList(FunctionList **list) {
  void *library = dlopen(getenv("SHIM_MODULE"), RTLD_NOW | RTLD_LOCAL);
  CK_RV (*get)(FunctionList **) = library ? (CK_RV(*)(FunctionList **))dlsym(library, "C_GetFunctionList") : NULL;
  if (!get) return 5;
  CK_RV rv = get(&theirs);
  if (rv != 0) return rv;
  ours = *theirs;
  ours.function[get_function_list] = (void *)C_GetFunctionList;
  ours.function[get_token_info] = (void *)shim_get_token_info;
  ours.function[login] = (void *)shim_login;
  ours.function[sign_init] = (void *)shim_sign_init;
  ours.function[sign] = (void *)shim_sign;
  *list = &ours;
  return 0;
}
