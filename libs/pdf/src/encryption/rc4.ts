/**
 * RC4, which encrypts and decrypts alike. OpenSSL 3 has it only in a provider that Node doesn't load. It protects nothing
 * today; it is here because old documents are written in it and are signed as they are.
 */
export function rc4(key: Uint8Array, data: Uint8Array): Buffer {
  const state = new Uint8Array(256);
  for (let index = 0; index < 256; index += 1) {
    state[index] = index;
  }
  for (let index = 0, other = 0; index < 256; index += 1) {
    const value = state[index]!;
    other = (other + value + key[index % key.length]!) & 0xff;
    state[index] = state[other]!;
    state[other] = value;
  }
  const output = Buffer.allocUnsafe(data.length);
  for (let at = 0, index = 0, other = 0; at < data.length; at += 1) {
    index = (index + 1) & 0xff;
    const value = state[index]!;
    other = (other + value) & 0xff;
    const swapped = state[other]!;
    state[index] = swapped;
    state[other] = value;
    output[at] = data[at]! ^ state[(value + swapped) & 0xff]!;
  }
  return output;
}
