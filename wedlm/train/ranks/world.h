// Which process of a run this is, as torchrun and mpirun tell it by environment variables.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace wedlm::train {

struct World {
  int rank = 0;           // of this process, from 0; the first one writes
  int size = 1;           // processes of the run
  int local_size = 1;     // of them on this machine
  std::string address{};  // of the first one's machine; with more than one process
  std::uint16_t port = 0;
  std::string run{};  // tells this run from another one at the same port

  bool is_first() const { return rank == 0; }
};

/// As std::getenv: null for a variable that is not set.
using Environment = std::function<const char*(const char* name)>;

/// One process without any of: RANK and WORLD_SIZE, with MASTER_ADDR and MASTER_PORT (torchrun);
/// OMPI_COMM_WORLD_RANK and _SIZE (Open MPI's mpirun); PMI_RANK and PMI_SIZE (MPICH's, srun), which need MASTER_ADDR
/// and MASTER_PORT only where not all processes are on one machine. Throws InvalidInput that names the variable.
World world_of(const Environment& environment);
/// Of this process's environment.
World world_of_environment();

}  // namespace wedlm::train
