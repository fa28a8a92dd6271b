# The compiler's settings, in one place. Linked PRIVATE by our targets and by
# nothing that is generated.
option(TB_WERROR "Treat warnings as errors (presets switch it on)" OFF)
set(TB_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined")
option(TB_FUZZ "Fuzz targets are programs of libFuzzer (clang) that look for new inputs" OFF)
option(TB_COVERAGE "Count which lines run (gcc)" OFF)

add_library(tb_options INTERFACE)
target_compile_options(tb_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes
  -Wmissing-prototypes -Wold-style-definition -Wvla -Wcast-qual -Wpointer-arith -Wundef
  -Wformat=2 -Wwrite-strings -Wswitch-enum -Wimplicit-fallthrough -Wdate-time -Wfloat-equal
  $<$<C_COMPILER_ID:GNU>:-Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wjump-misses-init>
  $<$<BOOL:${TB_WERROR}>:-Werror>
  $<$<C_COMPILER_ID:GNU>:-Wno-format-truncation>
  -fno-common -fno-omit-frame-pointer -fstack-protector-strong
  -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
target_compile_definitions(tb_options INTERFACE
  _POSIX_C_SOURCE=200809L
  $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
target_link_options(tb_options INTERFACE -Wl,-z,relro,-z,now -Wl,--as-needed)
target_include_directories(tb_options INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
if(TB_SANITIZE)
  # For the generated code too: an overflow there is ours to answer for.
  add_compile_options(-fsanitize=${TB_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${TB_SANITIZE})
endif()
if(TB_FUZZ)
  # Where the fuzzer is led by what it reached; its main is linked by its targets alone.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(TB_COVERAGE)
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()
