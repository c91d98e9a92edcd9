// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The text of a refusal, put together of words and numbers.

#ifndef SETTLE_QUORUM_DETAIL_SENTENCE_H_
#define SETTLE_QUORUM_DETAIL_SENTENCE_H_

#include <concepts>
#include <string>
#include <string_view>

#include "settle/base/config.h"
#include "settle/base/text.h"

SETTLE_NAMESPACE_BEGIN

namespace detail {

// Sentence("signed weight ", weight, ", quorum ", 67u): texts as they are, all else by AppendTo.
template <typename... Parts>
[[nodiscard]] std::string Sentence(const Parts&... parts) {
  std::string text;
  const auto append = [&text](const auto& part) {
    if constexpr (std::convertible_to<decltype(part), std::string_view>) {
      text.append(std::string_view(part));
    } else {
      AppendTo(text, part);
    }
  };
  (append(parts), ...);
  return text;
}

}  // namespace detail

SETTLE_NAMESPACE_END

#endif  // SETTLE_QUORUM_DETAIL_SENTENCE_H_
