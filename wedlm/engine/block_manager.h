// Which page of the K/V cache belongs to whom: reference counts, the prefix cache, and eviction of the page that was
// given back longest ago. It knows pages by number and tokens by id; the memory itself is the KvCache's.
//
// A page enters the prefix cache when all of its tokens are committed and cached, under the hash of these tokens and of
// every token before them. A page that nobody references stays findable until its place is needed.
#pragma once

#include <cstdint>
#include <list>
#include <span>
#include <unordered_map>
#include <vector>

#include "wedlm/base/token_id.h"

namespace wedlm {

using BlockId = std::int32_t;

/// The pages of one sequence, in order. Filled and emptied by the BlockManager.
struct BlockTable {
  std::vector<BlockId> blocks;
  std::vector<std::uint64_t> hashes;  // of the leading full blocks that were published or found
};

class BlockManager {
 public:
  BlockManager(std::int64_t num_blocks, std::int64_t block_size, bool enable_prefix_cache);

  std::int64_t block_size() const { return block_size_; }
  bool has_prefix_cache() const { return enable_prefix_cache_; }
  std::int64_t num_blocks() const { return static_cast<std::int64_t>(blocks_.size()); }
  /// Pages that can be had now: never used ones and those that only the prefix cache remembers.
  std::int64_t num_free_blocks() const { return num_free_; }
  std::int64_t blocks_for(std::int64_t num_tokens) const { return (num_tokens + block_size_ - 1) / block_size_; }

  /// References the longest run of full pages that hold the leading tokens, at most `max_tokens` of them, and puts them
  /// into the empty `table`. Returns the number of tokens they hold.
  std::int64_t match_prefix(std::span<const TokenId> tokens, std::int64_t max_tokens, BlockTable& table);
  /// How many pages match_prefix() would find that are not free already: looking changes nothing.
  std::int64_t count_shared_blocks(std::span<const TokenId> tokens, std::int64_t max_tokens) const;

  /// Grows the table until it has room for `num_tokens`. False, and nothing changed, where there are not enough pages.
  bool reserve(BlockTable& table, std::int64_t num_tokens);

  /// Tells that the leading `num_cached` of `tokens` are committed and their K/V is in the table's pages.
  void publish(BlockTable& table, std::span<const TokenId> tokens, std::int64_t num_cached);

  /// Gives every page of the table back and empties it.
  void release(BlockTable& table);

 private:
  struct Block {
    std::int32_t num_references = 0;
    bool is_published = false;
    std::uint64_t hash = 0;
    std::vector<TokenId> tokens;         // of a published block: a hash alone is no proof
    std::list<BlockId>::iterator place;  // in free_, while nobody references it
  };

  Block& at(BlockId id) { return blocks_[static_cast<std::size_t>(id)]; }
  const Block& at(BlockId id) const { return blocks_[static_cast<std::size_t>(id)]; }
  std::uint64_t chain_hash(std::uint64_t parent, std::span<const TokenId> tokens) const;
  /// The published block of these tokens after that parent, or -1.
  BlockId find(std::uint64_t hash, std::span<const TokenId> tokens) const;
  /// Calls visit(block, hash) for each page of the longest cached run.
  template <class Visit>
  void visit_prefix(std::span<const TokenId> tokens, std::int64_t max_tokens, Visit&& visit) const;
  BlockId take_free_block();
  void reference(BlockId id);

  std::int64_t block_size_;
  bool enable_prefix_cache_;
  std::uint64_t hash_seed_;  // of this process, so that nobody can prepare tokens whose hashes meet
  std::vector<Block> blocks_;
  std::list<BlockId> free_;  // evicted from the front; what may be found again goes to the back
  std::int64_t num_free_;
  std::unordered_map<std::uint64_t, BlockId> published_;
};

}  // namespace wedlm
