// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The journal: records framed for a host's log, so that a reader sees every byte that is not as it
// was written, and knows what a power loss may leave and what must be damage.
//
// A frame is a header of 40 bytes and its payload; nothing lies between frames and there is no
// padding: every byte is under one of two checksums.
//
//   checksum  u64  XXH3-64 of the 32 bytes that follow, seeded with the journal's identity
//   link      u64  the checksum of the frame before; of the first frame, the identity
//   sequence  u64  one more than the frame before; the first is 1
//   payload   u64  XXH3-64 of the payload
//   kind      u32  of the payload: a record kind
//   length    u32  of the payload in bytes, at most kMaxJournalPayload
//
// A length is believed once its header has proved sound, and nothing is allocated for it. The links
// make swapped, repeated, missing and foreign frames visible, however sound each is by itself.
// XXH3 resists accidents, not adversaries. A host whose clients choose payloads puts something that
// they cannot know into the identity, lest they write frames into frames.
//
// After a crash the end of a log may be torn: what was not yet synced may be there, or not, or in
// part. The reader says `kTorn` where the host may cut the log off and go on, and `kDamaged` where
// a frame is bad that may have been acknowledged:
//
//   the bad frame is                        acknowledged known      unknown
//   at or below what is acknowledged        kDamaged
//   cut short by the end of the bytes       kTorn                   kTorn
//   sound, but not the one that follows     kDamaged                kDamaged
//   anything else                           kTorn                   kDamaged
//
// Acknowledged is what the host says, or what the journal itself says, whichever is more: a mark
// (`AppendMark`) states that the frames up to a sequence are durable. A host that syncs the frames,
// appends a mark, syncs it and only then acknowledges may always say "known", from whatever it
// knows for sure (a snapshot's sequence, or 0): the reader finds the marks behind a bad frame too.
//
//   JournalWriter writer(JournalPosition::Begin(AsBytes("my ledger")));
//   std::size_t size = *writer.Append(transaction, buffer);   // write and sync these bytes
//   ...
//   JournalReader reader(bytes, JournalPosition::Begin(AsBytes("my ledger")), JournalSequence(0));
//   JournalItem item = reader.Next();
//   for (; item.verdict == JournalVerdict::kFrame; item = reader.Next()) Replay(item.frame);
//   if (item.verdict == JournalVerdict::kTorn) Truncate(item.offset);
//   JournalWriter more(reader.position());

#ifndef SETTLE_LEDGER_JOURNAL_H_
#define SETTLE_LEDGER_JOURNAL_H_

#include <xxhash.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "settle/base/bytes.h"
#include "settle/base/codec.h"
#include "settle/base/config.h"
#include "settle/base/kinds.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/strong.h"
#include "settle/ledger/detail/header_checksum.h"
#include "settle/ledger/reason.h"

SETTLE_NAMESPACE_BEGIN

struct JournalSequenceTag : Ordinal {};
// The number of a frame in its journal, from 1 on. 0 is before the first.
using JournalSequence = Strong<JournalSequenceTag, std::uint64_t>;

inline constexpr std::size_t kJournalHeaderSize = 40;
inline constexpr std::size_t kMaxJournalPayload = std::size_t{1} << 26;

// Frames of these kinds and above are the host's own; the table of kinds never names one.
inline constexpr std::uint32_t kFirstHostKind = std::uint32_t{1} << 31;

// Where a journal goes on: all that a writer must know, and a reader that begins in its middle.
struct JournalPosition {
  std::uint64_t identity = 0;  // of the journal; seeds the checksums of its headers
  std::uint64_t link = 0;      // the checksum of the last header, or the identity
  JournalSequence last{};      // the last frame's sequence; 0 before the first
  using Fields =
      Members<&JournalPosition::identity, &JournalPosition::link, &JournalPosition::last>;

  // Before the first frame of the journal of this name, which may be secret and of any length.
  [[nodiscard]] static JournalPosition Begin(ByteView name) {
    const std::uint64_t identity = XXH3_64bits(name.data(), name.size());
    return {.identity = identity, .link = identity, .last = {}};
  }
};

// Up to `durable` the journal was durable when this was written: see the head of this file.
struct JournalMark {
  static constexpr Kind kKind = Kind::kJournalMark;
  static constexpr std::uint16_t kVersion = 1;

  JournalSequence durable{};
  using Fields = Members<&JournalMark::durable>;
};

namespace detail {

struct JournalHeader {
  std::uint64_t checksum = 0;
  std::uint64_t link = 0;
  std::uint64_t sequence = 0;
  std::uint64_t payload = 0;
  std::uint32_t kind = 0;
  std::uint32_t length = 0;
  using Fields = Members<&JournalHeader::checksum, &JournalHeader::link, &JournalHeader::sequence,
                         &JournalHeader::payload, &JournalHeader::kind, &JournalHeader::length>;
};
static_assert(kEncodedSize<JournalHeader> == kJournalHeaderSize);

// The checksum that a header should have, whatever it has.
[[nodiscard]] constexpr std::uint64_t HeaderChecksum(const JournalHeader& header,
                                                     std::uint64_t identity) {
  const std::uint64_t kind_and_length = header.kind | (std::uint64_t{header.length} << 32);
  return Xxh3OfWords({header.link, header.sequence, header.payload, kind_and_length}, identity);
}

inline constexpr std::size_t kJournalMarkSize =
    kEncodedSize<RecordHead> + kEncodedSize<JournalMark>;

}  // namespace detail

// What a frame with this payload takes.
[[nodiscard]] constexpr std::size_t JournalFrameSize(std::size_t payload) {
  return kJournalHeaderSize + payload;
}
inline constexpr std::size_t kJournalMarkFrameSize = JournalFrameSize(detail::kJournalMarkSize);

// Turns records into frames, in the caller's memory. A value: the position is all there is to it.
// No call allocates. A refused call changes nothing, neither writer nor bytes.
class JournalWriter {
 public:
  explicit JournalWriter(JournalPosition position) : position_(position) {}

  // Writes a frame to the front of `out` and answers its size. Errors, in this order: kWrongKind
  // for a signed kind and for marks, kTooMany for more than kMaxJournalPayload bytes, kFull when
  // `out` is too small, kOverflow after frame 2^64 - 1. Cost: a copy and XXH3 of the payload; in
  // line, for the call would be a tenth of a frame of 128 bytes.
  [[gnu::always_inline]] Result<std::size_t> Append(Kind kind, ByteView payload,
                                                    std::span<std::byte> out) {
    if (kind == Kind::kJournalMark) return BaseReason::kWrongKind;
    if (Reason reason = Admit(kind, payload.size(), out.size()); !reason.ok()) return reason;
    // Of the bytes where they were: those of the copy would be waited for.
    const std::uint64_t checksum = XXH3_64bits(payload.data(), payload.size());
    if (!payload.empty()) {
      std::memcpy(out.data() + kJournalHeaderSize, payload.data(), payload.size());
    }
    return Seal(kind, payload.size(), checksum, out.data());
  }

  // The same for a record, encoded in place with its kind and version in front: what
  // `DecodeRecordInto` takes.
  template <RecordType T>
  Result<std::size_t> Append(const T& record, std::span<std::byte> out) {
    if (T::kKind == Kind::kJournalMark) return BaseReason::kWrongKind;
    return AppendRecord(record, out);
  }

  // States that the frames up to `durable` are durable: call it when they are, never earlier. The
  // frame takes kJournalMarkFrameSize bytes. Errors, in this order: kOutOfRange for a frame not yet
  // written, kFull, kOverflow.
  Result<std::size_t> AppendMark(JournalSequence durable, std::span<std::byte> out) {
    if (durable > position_.last) return BaseReason::kOutOfRange;
    return AppendRecord(JournalMark{.durable = durable}, out);
  }

  [[nodiscard]] const JournalPosition& position() const { return position_; }

 private:
  template <RecordType T>
  Result<std::size_t> AppendRecord(const T& record, std::span<std::byte> out) {
    const std::size_t size = kEncodedSize<detail::RecordHead> + EncodedSize(record);
    if (Reason reason = Admit(T::kKind, size, out.size()); !reason.ok()) return reason;
    BufferSink sink(out.data() + kJournalHeaderSize);
    EncodeRecordTo(sink, record);
    return Seal(T::kKind, size, XXH3_64bits(out.data() + kJournalHeaderSize, size), out.data());
  }

  [[nodiscard]] Reason Admit(Kind kind, std::size_t payload, std::size_t room) const {
    if (IsSignedKind(kind)) return BaseReason::kWrongKind;
    if (payload > kMaxJournalPayload) return BaseReason::kTooMany;
    if (room < JournalFrameSize(payload)) return BaseReason::kFull;
    return Next(position_.last) ? Reason() : Reason(BaseReason::kOverflow);
  }

  // Puts the header before a payload that is in place.
  std::size_t Seal(Kind kind, std::size_t size, std::uint64_t payload, std::byte* out) {
    const JournalSequence sequence = *Next(position_.last);
    detail::JournalHeader header{.checksum = 0,
                                 .link = position_.link,
                                 .sequence = sequence.value(),
                                 .payload = payload,
                                 .kind = static_cast<std::uint32_t>(kind),
                                 .length = static_cast<std::uint32_t>(size)};
    header.checksum = detail::HeaderChecksum(header, position_.identity);
    BufferSink sink(out);
    EncodeTo(sink, header);
    position_.link = header.checksum;
    position_.last = sequence;
    return JournalFrameSize(size);
  }

  JournalPosition position_;

 public:
  using Fields = Members<&JournalWriter::position_>;
};

// A frame as it stands in the bytes that the reader was given.
struct JournalFrame {
  JournalSequence sequence{};
  Kind kind{};  // a record kind, perhaps of a later version of the table, or a host's own
  ByteView payload{};
};

enum class JournalVerdict : std::uint8_t {
  kFrame = 1,    // the next frame is sound
  kEnd = 2,      // nothing is left
  kTorn = 3,     // what is left was never acknowledged: cut it off and go on
  kDamaged = 4,  // something is lost that may have been acknowledged: refuse
};

// What the reader found at `offset`. A reason, and the numbers behind it, stand there for kTorn and
// kDamaged alone.
struct JournalItem {
  JournalVerdict verdict = JournalVerdict::kEnd;
  Reason reason{};
  std::size_t offset = 0;      // of the frame, or of the first byte that belongs to no sound frame
  std::uint64_t found = 0;     // bytes, sequence, link or checksum, as the reason says
  std::uint64_t expected = 0;  // the same
  JournalFrame frame{};        // of kFrame
};

// Yields the frames of a run of bytes, and says what stops it. It allocates nothing and reads no
// byte before a sound header says how far it may. Once it has stopped it stays there and
// gives the same answer.
class JournalReader {
 public:
  // `bytes` stay the caller's. `start` is where they begin in their journal. `acknowledged`: every
  // frame up to this one was durable, and none that is above both it and the marks was ever
  // acknowledged; nothing when the host cannot say so.
  JournalReader(ByteView bytes, JournalPosition start, std::optional<JournalSequence> acknowledged)
      : bytes_(bytes), position_(start), host_knows_(acknowledged.has_value()) {
    if (acknowledged) durable_ = *acknowledged;
  }

  // The next frame, or why there is none. Reasons, in this order:
  //   kJournalEndsEarly   no byte is left of a journal that was longer (found, expected: sequences)
  //   kFrameShort         the bytes end within a frame (bytes)
  //   kFrameHeader        a header is not what its checksum says (checksums)
  //   kFrameSequence      a sound header of another frame than the next (sequences)
  //   kFrameLink          a sound header of another history (links)
  //   kFrameForm          a sound header or mark that no writer makes (length or sequence)
  //   kFramePayload       a payload is not what its checksum says (checksums)
  // Cost: XXH3 of the frame. A bad frame: once, at most one XXH3 of 32 bytes for each byte left.
  JournalItem Next();

  // After the last sound frame: where a writer goes on, once the host has cut the log off there.
  [[nodiscard]] const JournalPosition& position() const { return position_; }
  [[nodiscard]] std::size_t offset() const { return offset_; }
  // The last frame that host or marks say to be durable; 0 when none.
  [[nodiscard]] JournalSequence durable() const { return durable_; }

 private:
  using Header = detail::JournalHeader;

  [[nodiscard]] Header HeaderAt(std::size_t offset) const;
  [[nodiscard]] bool IsSound(const Header& header) const;
  [[nodiscard]] std::optional<JournalMark> MarkAt(std::size_t offset) const;
  [[nodiscard]] Reason CheckOrder(const Header& header, JournalItem& item) const;
  [[nodiscard]] std::size_t Left() const { return bytes_.size() - offset_; }
  [[nodiscard]] JournalItem Stop(JournalVerdict verdict, JournalItem item) const;
  [[nodiscard]] JournalItem StopShort(std::size_t expected) const;
  JournalItem StopBad(JournalItem item, std::size_t after);
  [[nodiscard]] JournalItem StopAtEnd() const;

  ByteView bytes_;
  JournalPosition position_;
  std::size_t offset_ = 0;
  JournalSequence durable_{};
  bool host_knows_;
};

SETTLE_NAMESPACE_END

#include "settle/ledger/detail/journal_reader.h"

#endif  // SETTLE_LEDGER_JOURNAL_H_
