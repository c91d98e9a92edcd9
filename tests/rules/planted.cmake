# SPDX-License-Identifier: Apache-2.0
# Copyright the settle authors.
#
# Faults planted in the headers are noticed by the tests that are there for them: once, in the
# release preset. See planted.py.

if(CMAKE_GENERATOR MATCHES "Ninja" AND CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT CMAKE_CXX_FLAGS
   AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(settle_planted_sources ledger/owner_keys ledger/ledger ledger/ledger_hold ledger/account_table
      ledger/state_commitment ledger/statement ledger/ledger_chain ledger/account_settings
      ledger/position ledger/open_interest engine/settlement_engine engine/settlement_proof
      engine/balance_proof engine/statement_proof engine/market_event
      engine/settlement_engine_events engine/system_invariants margin/evaluation_collateral
      margin/evaluation_kinds margin/evaluation_reserved margin/evaluation_slow_price
      margin/margin_call margin/parameter_schedule margin/risk_arrays margin/scenario_margin
      margin/transition_attack)
  list(TRANSFORM settle_planted_sources PREPEND "${PROJECT_SOURCE_DIR}/tests/")
  list(TRANSFORM settle_planted_sources APPEND "_test.cc")
  add_executable(settle_planted EXCLUDE_FROM_ALL ${settle_planted_sources})
  target_link_libraries(settle_planted PRIVATE settle_test_support GTest::gmock GTest::gtest_main)
  foreach(test "planted_faults_are_noticed" "planting_is_checked;--self-test")
    list(POP_FRONT test name)
    add_test(NAME rules.${name}
             COMMAND Python3::Interpreter "${CMAKE_CURRENT_SOURCE_DIR}/planted.py" --build
                     "${PROJECT_BINARY_DIR}" --target settle_planted ${test})
    set_tests_properties(rules.${name} PROPERTIES LABELS planted TIMEOUT 1200 PROCESSORS 2)
  endforeach()
endif()
