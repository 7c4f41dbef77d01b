/* Inside night/: numbers that writer and reader of a sealed copy share (night/sealed.h). */
#ifndef PARVIS_NIGHT_SEALED_FORMAT_H
#define PARVIS_NIGHT_SEALED_FORMAT_H

#include "night/sealed.h"

#include <sodium.h>

#define MAGIC_SIZE      8
#define MAGIC           "PARVISL\x01"
#define PART_MAGIC      "PRVPART\n"
#define FILE_KEY_SIZE   crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define NONCE_SIZE      crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_SIZE        crypto_aead_xchacha20poly1305_ietf_ABYTES
#define BINDING_SIZE    32 /* the hash of the header */
#define PART_HEAD_SIZE  (MAGIC_SIZE + 4 + 4)
#define PART_START_SIZE (PART_HEAD_SIZE + NONCE_SIZE)
#define PART_LEAST      (PART_START_SIZE + TAG_SIZE + DEVICE_SIGNATURE_SIZE)
#define PART_MOST       (PART_START_SIZE + SEALED_PART_MAX + DEVICE_SIGNATURE_SIZE)

#define AT_EVENT     8
#define AT_DEVICE    40
#define AT_ORGANISER 72
#define AT_CREATED   104
#define AT_FILE_KEY  112
#define AT_SIGNATURE 192

#define EVENT_FIELD_SIZE 32
#define PROMISE_SIZE     (DEVICE_ID_SIZE + 4 + 8)

static_assert(AT_FILE_KEY + FILE_KEY_SIZE + ISSUER_SEAL_SIZE == AT_SIGNATURE &&
		      AT_SIGNATURE + DEVICE_SIGNATURE_SIZE == SEALED_HEADER_SIZE &&
		      EVENT_FIELD_SIZE == ID_SIZE,
	"the header adds up");

#endif
