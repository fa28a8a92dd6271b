# The compiler's settings, in one place. Linked PRIVATE by our targets and by
# nothing that is generated.
option(TB_WERROR "Treat warnings as errors (presets switch it on)" OFF)
set(TB_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined")

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
