// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// How a journal is read: included by settle/ledger/journal.h alone.

#ifndef SETTLE_LEDGER_DETAIL_JOURNAL_READER_H_
#define SETTLE_LEDGER_DETAIL_JOURNAL_READER_H_

#include "settle/ledger/journal.h"

SETTLE_NAMESPACE_BEGIN

inline JournalReader::Header JournalReader::HeaderAt(std::size_t offset) const {
  Header header;
  Reader reader(bytes_.subspan(offset, kJournalHeaderSize));
  (void)DecodeFrom(reader, header);  // of fixed size: it cannot fail
  return header;
}

inline bool JournalReader::IsSound(const Header& header) const {
  return header.checksum == detail::HeaderChecksum(header, position_.identity);
}

// The mark whose frame begins at `offset`, if one does and is sound by itself.
inline std::optional<JournalMark> JournalReader::MarkAt(std::size_t offset) const {
  const Header header = HeaderAt(offset);
  if (header.kind != static_cast<std::uint32_t>(Kind::kJournalMark) ||
      header.length != detail::kJournalMarkSize || !IsSound(header)) {
    return std::nullopt;
  }
  const auto payload = bytes_.subspan(offset + kJournalHeaderSize, detail::kJournalMarkSize);
  JournalMark mark;
  const bool good = header.payload == XXH3_64bits(payload.data(), payload.size()) &&
                    DecodeRecordInto(payload, mark).ok() && mark.durable.value() < header.sequence;
  return good ? std::optional(mark) : std::nullopt;
}

// A sound header must be the next one, and one that a writer makes.
inline Reason JournalReader::CheckOrder(const Header& header, JournalItem& item) const {
  const std::optional<JournalSequence> next = settle::Next(position_.last);
  item.found = header.sequence;
  item.expected = next.value_or(JournalSequence()).value();
  if (!next || item.found != item.expected) return LedgerReason::kFrameSequence;
  item.found = header.link;
  item.expected = position_.link;
  if (item.found != item.expected) return LedgerReason::kFrameLink;
  item.found = header.length;
  item.expected = kMaxJournalPayload;
  if (IsSignedKind(Kind{header.kind}) || header.length > kMaxJournalPayload) {
    return LedgerReason::kFrameForm;
  }
  return {};
}

inline JournalItem JournalReader::Stop(JournalVerdict verdict, JournalItem item) const {
  item.verdict = verdict;
  item.offset = offset_;
  return item;
}

inline JournalItem JournalReader::StopAtEnd() const {
  if (position_.last >= durable_) return Stop(JournalVerdict::kEnd, {});
  return Stop(JournalVerdict::kDamaged, {.reason = LedgerReason::kJournalEndsEarly,
                                         .found = position_.last.value(),
                                         .expected = durable_.value()});
}

// What is cut short may be torn whether or not the host knows what is acknowledged; not so what is
// acknowledged.
inline JournalItem JournalReader::StopShort(std::size_t expected) const {
  const bool is_lost = position_.last < durable_;
  return Stop(is_lost ? JournalVerdict::kDamaged : JournalVerdict::kTorn,
              {.reason = LedgerReason::kFrameShort, .found = Left(), .expected = expected});
}

// The frame after the last sound one is bad. A mark anywhere from `after` on may tell that it was
// durable: a torn end holds frames that were written together, and a mark is written later.
inline JournalItem JournalReader::StopBad(JournalItem item, std::size_t after) {
  constexpr std::size_t kMark = kJournalMarkFrameSize;
  for (std::size_t at = after; at + kMark <= bytes_.size() && host_knows_; ++at) {
    const std::optional<JournalMark> mark = MarkAt(at);
    if (mark && mark->durable > durable_) durable_ = mark->durable;
  }
  const bool may_be_lost = !host_knows_ || position_.last < durable_;
  return Stop(may_be_lost ? JournalVerdict::kDamaged : JournalVerdict::kTorn, item);
}

inline JournalItem JournalReader::Next() {
  if (Left() == 0) return StopAtEnd();
  if (Left() < kJournalHeaderSize) return StopShort(kJournalHeaderSize);

  const Header header = HeaderAt(offset_);
  if (!IsSound(header)) {
    return StopBad({.reason = LedgerReason::kFrameHeader,
                    .found = header.checksum,
                    .expected = detail::HeaderChecksum(header, position_.identity)},
                   offset_ + 1);
  }
  JournalItem item;
  item.reason = CheckOrder(header, item);
  if (!item.reason.ok()) return Stop(JournalVerdict::kDamaged, item);
  const std::size_t size = JournalFrameSize(header.length);
  if (Left() < size) return StopShort(size);

  const ByteView payload = bytes_.subspan(offset_ + kJournalHeaderSize, header.length);
  const std::uint64_t checksum = XXH3_64bits(payload.data(), payload.size());
  if (checksum != header.payload) {
    return StopBad(
        {.reason = LedgerReason::kFramePayload, .found = checksum, .expected = header.payload},
        offset_ + size);
  }
  if (Kind{header.kind} == Kind::kJournalMark) {
    const std::optional<JournalMark> mark =
        size == kJournalMarkFrameSize ? MarkAt(offset_) : std::nullopt;
    if (!mark) return Stop(JournalVerdict::kDamaged, {.reason = LedgerReason::kFrameForm});
    if (mark->durable > durable_) durable_ = mark->durable;
  }
  item = {.verdict = JournalVerdict::kFrame,
          .offset = offset_,
          .frame = {JournalSequence(header.sequence), Kind{header.kind}, payload}};
  offset_ += size;
  position_.link = header.checksum;
  position_.last = JournalSequence(header.sequence);
  return item;
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_JOURNAL_READER_H_
