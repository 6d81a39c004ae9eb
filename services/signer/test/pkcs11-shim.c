/*
 * A PKCS#11 module for tests: forwards everything to the module in $SHIM_MODULE and misbehaves on order.
 * Every C_Login is a line in $SHIM_LOG. $SHIM_CONTROL is a file with one word, read at each call:
 *   hang           C_Sign never returns
 *   device-error   C_Sign answers CKR_DEVICE_ERROR
 *   wrong          C_Sign flips a bit of the signature
 *   logged-out     C_SignInit answers CKR_USER_NOT_LOGGED_IN
 *   final-try      C_GetTokenInfo says CKF_USER_PIN_FINAL_TRY
 *   locked         C_Login answers CKR_PIN_LOCKED
 * A word that ends in "-once" does it one time: the file is removed.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef unsigned long CK_ULONG;
typedef CK_ULONG CK_RV;
typedef unsigned char CK_BYTE;
typedef struct { CK_BYTE major, minor; } CK_VERSION;

/* CK_FUNCTION_LIST of v2.40: a version, then 68 pointers in the order of pkcs11f.h. */
enum { functions = 68, get_function_list = 3, get_token_info = 6, login = 18, sign_init = 42, sign = 43 };
typedef struct { CK_VERSION version; void *function[functions]; } FunctionList;

static FunctionList ours;
static FunctionList *theirs;

static int ordered(const char *word) {
  const char *path = getenv("SHIM_CONTROL");
  char found[64] = "";
  FILE *file = path ? fopen(path, "r") : NULL;
  if (!file) return 0;
  if (fscanf(file, "%63s", found) != 1) found[0] = 0;
  fclose(file);
  size_t length = strlen(word);
  if (strncmp(found, word, length) != 0) return 0;
  if (strcmp(found + length, "-once") == 0) return unlink(path) == 0;
  return found[length] == 0;
}

static CK_RV shim_login(CK_ULONG session, CK_ULONG user, CK_BYTE *pin, CK_ULONG length) {
  const char *log = getenv("SHIM_LOG");
  FILE *file = log ? fopen(log, "a") : NULL;
  if (file) {
    fprintf(file, "C_Login %d\n", (int)getpid());
    fclose(file);
  }
  if (ordered("locked")) return 0xA4;
  CK_RV rv = ((CK_RV(*)(CK_ULONG, CK_ULONG, CK_BYTE *, CK_ULONG))theirs->function[login])(session, user, pin, length);
  if (ordered("slow-login")) sleep(2);
  return rv;
}

static CK_RV shim_sign_init(CK_ULONG session, void *mechanism, CK_ULONG key) {
  if (ordered("logged-out")) return 0x101;
  return ((CK_RV(*)(CK_ULONG, void *, CK_ULONG))theirs->function[sign_init])(session, mechanism, key);
}

static CK_RV shim_sign(CK_ULONG session, CK_BYTE *data, CK_ULONG length, CK_BYTE *out, CK_ULONG *out_length) {
  if (ordered("hang")) for (;;) sleep(1);
  if (ordered("device-error")) return 0x30;
  CK_RV rv = ((CK_RV(*)(CK_ULONG, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG *))theirs->function[sign])(
      session, data, length, out, out_length);
  if (rv == 0 && out && ordered("wrong")) out[*out_length - 1] ^= 1;
  return rv;
}

/* CK_TOKEN_INFO: label 32, manufacturer 32, model 16, serial 16, then the flags. */
static CK_RV shim_get_token_info(CK_ULONG slot, CK_BYTE *info) {
  CK_RV rv = ((CK_RV(*)(CK_ULONG, CK_BYTE *))theirs->function[get_token_info])(slot, info);
  if (rv == 0 && ordered("final-try")) *(CK_ULONG *)(info + 96) |= 0x20000;
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
