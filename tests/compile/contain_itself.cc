// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// An input would choose how deep a type that contains itself nests, and so exhaust the stack.
// expect: a type must not contain itself, nor nest too deep

#include <cstdint>

#include "settle/base/codec.h"

struct Leaf {
  std::uint8_t number = 0;
  using Fields = settle::Members<&Leaf::number>;
};

struct Node {
#ifdef SETTLE_REJECT
  settle::Bounded<Node, 4> children;
#else
  settle::Bounded<Leaf, 4> children;
#endif
  using Fields = settle::Members<&Node::children>;
};

bool Decodes(settle::ByteView bytes, Node& node) { return settle::DecodeInto(bytes, node).ok(); }
