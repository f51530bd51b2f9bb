# SPDX-License-Identifier: Apache-2.0
# What every folder's CMakeLists.txt uses: flowmob_library, flowmob_program and flowmob_test.

find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(GTest REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

add_library(flowmob_options INTERFACE)
target_include_directories(flowmob_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(flowmob_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow $<$<NOT:$<CONFIG:Release>>:-Werror>
  # Fully optimised, GCC 12 sees overruns inside std::vector::insert that are not there.
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<CONFIG:Release>>:-Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread
    -Wno-maybe-uninitialized>)
if(FLOWMOB_SANITIZE)
  target_compile_options(flowmob_options INTERFACE
    -fsanitize=${FLOWMOB_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(flowmob_options INTERFACE -fsanitize=${FLOWMOB_SANITIZE})
endif()

# How fuzzers see which way code under test takes. Not for tests: it costs a quarter of their compilation.
add_library(flowmob_observed INTERFACE)
if(FLOWMOB_FUZZ)
  target_compile_options(flowmob_observed INTERFACE -fsanitize=fuzzer-no-link)
endif()

# flowmob_library(NAME SOURCES ... LINK ... TESTS ...): the library flowmob_NAME and, beside it, its unit tests.
function(flowmob_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;TESTS;TEST_LINK" ${ARGN})
  add_library(flowmob_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(flowmob_${name} PUBLIC flowmob_options ${ARG_LINK} PRIVATE flowmob_observed)
  if(ARG_TESTS)
    flowmob_test(${name}_test SOURCES ${ARG_TESTS} LINK flowmob_${name} ${ARG_TEST_LINK})
  endif()
endfunction()

function(flowmob_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE flowmob_options ${ARG_LINK})
endfunction()

# A plain build makes the programs; tests are asked for by one of these. What the sanitizer presets build: every
# unit and simulator test, no data plane.
add_custom_target(tests-pure)
# What needs a kernel or a look at the archives: packet tests, rows put in by hand, the seam.
add_custom_target(tests-system)

# flowmob_test(NAME SOURCES ... LINK ... [LABEL unit|sim|bpf]): one GoogleTest program, one CTest entry. Its files keep their
# names to themselves; flowmob_merge_tests(NAME...) says that they get along, and can be compiled together.
function(flowmob_test name)
  cmake_parse_arguments(ARG "" "LABEL" "SOURCES;LINK" ${ARGN})
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  add_executable(${name} EXCLUDE_FROM_ALL ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)
  # Test code is compiled far more often than it runs.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Debug>:-O0>)
  target_link_libraries(${name} PRIVATE flowmob_options ${ARG_LINK} GTest::gmock GTest::gtest GTest::gtest_main)
  if(ARG_LABEL MATCHES "unit|sim")
    add_dependencies(tests-pure ${name})
  else()
    add_dependencies(tests-system ${name})
  endif()
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 1200)
endfunction()

function(flowmob_merge_tests)
  set_target_properties(${ARGN} PROPERTIES UNITY_BUILD ${CMAKE_UNITY_BUILD})
endfunction()
