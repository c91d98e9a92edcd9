// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The main job of examples/settle_trades beside what it cannot do without: a block of 1,000
// generated trades booked, consented to, executed with margin, certified by four validators and
// made final, every receipt proved and one in 100 verified as a stranger would.
//
// The baseline does the same hashes over inputs of the same lengths, the same number of signatures
// and verifications, and touches the same number of account rows and id slots. Booking, margin,
// the proofs' copies and everything else is the work's own.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "benchmarks/baseline.h"
#include "benchmarks/paired.h"
#include "examples/settle_trades/generator.h"
#include "examples/settle_trades/runner.h"
#include "examples/settle_trades/stream.h"
#include "settle/base/codec.h"
#include "settle/crypto/signer.h"
#include "settle/engine/header.h"
#include "settle/ledger/transaction.h"
#include "settle/ledger/types.h"

namespace settle::benchmarks {
namespace {

constexpr std::size_t kBlock = 1000;
constexpr std::size_t kValidators = 4;
constexpr std::size_t kQuorum = 3;
constexpr std::size_t kProofsVerified = 10;
constexpr std::size_t kRecordHead = 6;

// The runner, begun anew when its stream is used up, which is outside the timing.
class World {
 public:
  World() : stream_(example::GenerateStream({})) {
    Begin();
    // The accounts that trade are all open after a while.
    for (int i = 0; i < 20; ++i) (void)Step();
  }

  void BeginIfDone() {
    if (runner_ == nullptr || runner_->done()) Begin();
  }

  // One block: how many trades it settled, or 0 when it did not settle.
  std::uint64_t Step() {
    if (runner_ == nullptr || runner_->done()) return 0;
    if (!runner_->SettleNextBlock().ok()) return 0;
    return runner_->result().receipts.size();
  }

  [[nodiscard]] const example::Runner& runner() const { return *runner_; }

 private:
  void Begin() {
    auto runner = example::Runner::Create(stream_, {.block_size = kBlock});
    runner_ = runner.ok() ? *std::move(runner) : nullptr;
  }

  example::TradeStream stream_;
  std::unique_ptr<example::Runner> runner_;
};

constexpr std::array<std::byte, 32> kSeed{std::byte{7}};

std::array<std::byte, 32> PublicKeyOf(const std::array<std::byte, 32>& seed) {
  auto secret = Ed25519SecretKey::From(seed);
  if (!secret.ok()) return {};
  const auto signer = Ed25519Signer::From(*std::move(secret));
  return signer.ok() ? signer->public_key().bytes().bytes() : std::array<std::byte, 32>{};
}

// What a block costs at least, counted on a real one.
class Counted {
 public:
  explicit Counted(const example::Runner& runner) {
    for (const TransactionView& transaction : runner.transactions()) {
      // The venue's and the engine's digest of it.
      Hash(RecordSize(transaction), 2);
      touches_ += transaction.legs.size() + 2;
    }
    const std::size_t transactions = runner.transactions().size();
    const std::size_t receipts = runner.result().receipts.size();
    // The root that the venue signs, twice: by the venue and by the engine.
    Hash(1 + Digest::kSize, 2 * transactions);
    nodes_ += 2 * (transactions - 1);
    // The leaves and nodes of the transactions tree and of the receipts tree.
    Hash(1 + kRecordHead + kEncodedSize<TransactionEntry>, transactions);
    Hash(1 + kRecordHead + kEncodedSize<Receipt>, receipts);
    nodes_ += transactions - 1 + receipts;
    Hash(runner.engine().ledger().account_count() * kEncodedSize<AccountState>, 1);
    Hash(kRecordHead + kEncodedSize<Header>, 1);
    // The proofs that are verified: content, receipt, path and header of each.
    const auto path =
        static_cast<std::size_t>(std::bit_width(runner.result().header.receipts.size - 1));
    Hash(RecordSize(runner.transactions().front()), kProofsVerified);
    Hash(1 + kRecordHead + kEncodedSize<Receipt>, kProofsVerified);
    Hash(kRecordHead + kEncodedSize<Header>, kProofsVerified);
    nodes_ += kProofsVerified * path;
    // Votes and the venue's consent; votes, the certificate, the consent and the proofs'
    // certificates.
    signatures_ = kValidators + 1;
    verifications_ = kValidators + kQuorum + 1 + kProofsVerified * kQuorum;
    MakeLines(runner.engine().ledger().account_count(), runner.engine().ledger().id_count());
  }

  std::uint64_t Step() {
    std::uint64_t word = 1;
    Node digest;
    for (const auto& [size, times] : hashes_) {
      for (std::size_t i = 0; i < times; ++i) {
        BareHash(std::span(input_).first(size), digest);
        word += FirstWord(digest);
      }
    }
    for (std::size_t i = 0; i < nodes_; ++i) {
      BareHash65(node_, digest);
      node_[1] = digest[0];
      word += FirstWord(digest);
    }
    for (std::size_t i = 0; i < signatures_; ++i) {
      if (sign_(message_, signature_) == 0) return 0;
    }
    for (std::size_t i = 0; i < verifications_; ++i) {
      if (verify_(message_, signature_) == 0) return 0;
    }
    word += BareTouch(lines_);
    return word | 1;
  }

 private:
  struct Hashes {
    std::size_t size = 0;
    std::size_t times = 0;
  };

  void Hash(std::size_t size, std::size_t times) {
    const auto same = std::find_if(hashes_.begin(), hashes_.end(),
                                   [size](const Hashes& hashes) { return hashes.size == size; });
    if (same != hashes_.end()) {
      same->times += times;
    } else {
      hashes_.push_back({size, times});
    }
    input_.resize(std::max(input_.size(), size));
  }

  void MakeLines(std::size_t accounts, std::size_t ids) {
    memory_.resize(accounts * 8 + ids * 2);
    std::mt19937_64 random(5);
    for (std::size_t i = 0; i < touches_; ++i)
      lines_.push_back(&memory_[random() % memory_.size()]);
  }

  std::vector<Hashes> hashes_;
  std::size_t nodes_ = 0;
  std::size_t signatures_ = 0;
  std::size_t verifications_ = 0;
  std::size_t touches_ = 0;
  std::vector<std::byte> input_;
  NodeInput node_{};
  BareSign sign_{kSeed};
  BareVerify verify_{PublicKeyOf(kSeed)};
  std::array<std::byte, 88 + 48> message_{};  // as long as what is signed for a vote
  SignatureBytes signature_{};
  std::vector<std::uint64_t> memory_;
  std::vector<std::uint64_t*> lines_;
};

void BM_SettleTrades(benchmark::State& state) {
  World world;
  if (world.runner().done()) return state.SkipWithError("the stream does not settle");
  Counted counted(world.runner());
  RunPaired(
      state,
      {.bound = 1.5,
       .checksums = Checksums::kUnrelated,
       .work_operations = kBlock,
       .baseline_operations = kBlock,
       .before_pair = [&world] { world.BeginIfDone(); }},
      [&world] { return world.Step(); }, [&counted] { return counted.Step(); });
}
BENCHMARK(BM_SettleTrades)->Apply(Paired);

}  // namespace
}  // namespace settle::benchmarks
