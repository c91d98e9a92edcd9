// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The legs of one event on their way into a buffer: all of them get there, or none.

#ifndef SETTLE_LEDGER_DETAIL_LEG_DRAFT_H_
#define SETTLE_LEDGER_DETAIL_LEG_DRAFT_H_

#include <cstddef>
#include <optional>

#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/base/reason.h"
#include "settle/ledger/leg_buffer.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN
namespace detail {

// The way of an amount, directly or by a third who gets it and hands it on.
struct Route {
  AccountKey to{};
  AccountKey from{};
  std::optional<AccountKey> through{};
};

class LegDraft {
 public:
  explicit LegDraft(LegBuffer& out) : out_(out), begin_(out.size()) {}

  // A leg of nothing is left out.
  void Add(const AccountKey& account, Amount amount) {
    if (!reason_.ok() || amount == Amount()) return;
    reason_ = out_.Add(account, amount);
  }
  // The same amount with the other sign.
  void AddNegated(const AccountKey& account, Amount amount) {
    if (amount.value() == kMin<Int128>) return Refuse(BaseReason::kOverflow);
    Add(account, Amount(-amount.value()));
  }
  void Move(const Route& route, Amount amount) {
    Add(route.to, amount);
    if (route.through) {
      AddNegated(*route.through, amount);
      Add(*route.through, amount);
    }
    AddNegated(route.from, amount);
  }
  // The first refusal is the one that Finish answers.
  void Refuse(Reason reason) {
    if (reason_.ok()) reason_ = reason;
  }

  // The last call: after a refusal the buffer is what it was at first.
  [[nodiscard]] Reason Finish() {
    if (!reason_.ok()) out_.Truncate(begin_);
    return reason_;
  }

 private:
  LegBuffer& out_;
  std::size_t begin_;
  Reason reason_;
};

}  // namespace detail
SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_LEG_DRAFT_H_
