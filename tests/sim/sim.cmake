# A world in one process: tests/sim/README.md.
add_executable(tongbao-sim main.c world.c trace.c land.c wire.c machine.c flush.c officer.c
  enemy.c books.c plan.c mishap.c check_forged.c check_promise.c check_route.c check_world.c
  check_shown.c check_store.c check_lost.c check_finish.c check_chain.c check_clocks.c
  check_views.c check_limits.c)
target_link_libraries(tongbao-sim PRIVATE
  tb_options tb_disk tb_fixture tb_node_core tb_broker_io tb_topology_data)

# The default run: each seed is a day of its own, in a process of its own. More with
# `tongbao-sim run --seeds 1-500 --jobs 2`, about three seconds of a core each.
set(TB_SIM_SEEDS "1-60" CACHE STRING "Seeds that ctest plays: first-last")
add_test(NAME sim.seeds COMMAND tongbao-sim run --seeds ${TB_SIM_SEEDS} --jobs 2)
set_tests_properties(sim.seeds PROPERTIES LABELS sim TIMEOUT 2400 RUN_SERIAL ON)

# One seed, one trace, in two processes whose memory lies and is filled differently.
foreach(seed 1 2 54)
  add_test(NAME sim.same_trace_${seed}
           COMMAND ${CMAKE_CURRENT_LIST_DIR}/same_trace $<TARGET_FILE:tongbao-sim> ${seed})
  set_tests_properties(sim.same_trace_${seed} PROPERTIES LABELS sim TIMEOUT 300)
endforeach()
