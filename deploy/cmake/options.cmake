# Compiler, warnings and sanitizers for every target. Warnings are errors: the tree builds clean with gcc and clang.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON) # __int128, always_inline
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release, Debug, RelWithDebInfo or Sanitize" FORCE)
endif()
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1")  # assertions stay on; line tables cost no time and name the place
set(CMAKE_C_FLAGS_SANITIZE "-O1 -g1") # what the sanitizers need to be quick and to name the line

set(NP_SANITIZE "" CACHE STRING "sanitizers for all targets, as in -fsanitize=; e.g. address,undefined or thread")
option(NP_FUZZ "build the libFuzzer targets (clang only)" OFF)

# np_plain is for what runs inside of somebody else's program, where a sanitizer's run-time library is not; np_options
# adds the sanitizers and is for all else.
add_library(np_plain INTERFACE)
add_library(np_options INTERFACE)
target_link_libraries(np_options INTERFACE np_plain)
target_include_directories(np_plain INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
target_compile_definitions(np_plain INTERFACE _GNU_SOURCE)
target_compile_options(np_plain INTERFACE
  -Wall -Wextra -Werror -Wconversion -Wshadow -Wpointer-arith -Wcast-qual -Wwrite-strings -Wstrict-prototypes
  -Wmissing-prototypes -Wold-style-definition -Wvla -Wundef -Wformat=2 -Wnull-dereference -fno-common)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  target_compile_options(np_plain INTERFACE -Woverride-init -Wduplicated-cond -Wlogical-op)
else()
  # NP_ASSERT(condition && "what it means") converts a string on purpose.
  target_compile_options(np_plain INTERFACE -Winitializer-overrides -Wno-gnu-zero-variadic-macro-arguments
    -Wno-string-conversion)
endif()
if(NP_SANITIZE)
  target_compile_options(np_options INTERFACE -fsanitize=${NP_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  target_link_options(np_options INTERFACE -fsanitize=${NP_SANITIZE})
  find_program(LLD ld.lld)
  if(LLD) # two hundred programs, each with the sanitizers' run-time library: the default linker takes three times as long
    target_link_options(np_options INTERFACE -fuse-ld=lld)
  endif()
  if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    # gcc's flow analysis sees the sanitizers' own branches and warns of paths that no source line has. In np_plain: what
    # np_options says itself comes before np_plain's warnings, which would turn these on again.
    target_compile_options(np_plain INTERFACE -Wno-null-dereference -Wno-maybe-uninitialized)
  endif()
endif()

# np_library(NAME FOLDER... [LIBS ...]): a static library of every .c file in the given folders.
function(np_library name)
  cmake_parse_arguments(ARG "" "" "FOLDERS;LIBS" ${ARGN})
  set(sources)
  foreach(folder ${ARG_FOLDERS})
    file(GLOB found CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.c)
    list(FILTER found EXCLUDE REGEX "/main\\.c$")
    list(APPEND sources ${found})
  endforeach()
  if(NOT sources)
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE np_options ${ARG_LIBS})
    return()
  endif()
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC np_options ${ARG_LIBS})
endfunction()

# np_program(NAME MAIN LIBS...): a program; all programs land in bin/ of the build tree, where they find each other.
function(np_program name main)
  add_executable(${name} ${main})
  target_link_libraries(${name} PRIVATE ${ARGN})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
  install(TARGETS ${name} RUNTIME DESTINATION bin)
endfunction()
