# SPDX-License-Identifier: MIT
# The project's compiler settings, and one function for each kind of thing it builds.
find_package(PkgConfig REQUIRED)

add_library(pif-options INTERFACE)
target_include_directories(pif-options INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/generated)
target_compile_definitions(pif-options INTERFACE _GNU_SOURCE PIFARM_VERSION="${PROJECT_VERSION}"
    G_LOG_USE_STRUCTURED GLIB_VERSION_MIN_REQUIRED=GLIB_VERSION_2_74)
target_compile_options(pif-options INTERFACE
    -Wall -Wextra -Wformat=2 -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
    -Wpointer-arith -Wwrite-strings -Wundef -Wvla -Wimplicit-fallthrough -Wswitch-enum
    -Wno-unused-parameter -Wno-missing-field-initializers -fno-strict-aliasing)
if(PIFARM_WERROR)
    target_compile_options(pif-options INTERFACE -Werror)
endif()
if(PIFARM_SANITIZE)
    target_compile_options(pif-options INTERFACE -fsanitize=address,undefined -fno-omit-frame-pointer
        -fno-sanitize-recover=undefined)
    target_link_options(pif-options INTERFACE -fsanitize=address,undefined)
endif()
if(PIFARM_FUZZ)
    target_compile_options(pif-options INTERFACE -fsanitize=fuzzer-no-link,address,undefined)
    target_link_options(pif-options INTERFACE -fsanitize=address,undefined)
endif()

# pifarm_library(NAME PACKAGES pkg... LINK target...): a static library of all .c files in this folder.
function(pifarm_library name)
    cmake_parse_arguments(ARG "" "" "PACKAGES;LINK" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS *.c)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC pif-options ${ARG_LINK})
    if(ARG_PACKAGES)
        string(MAKE_C_IDENTIFIER "PIF_PKG_${name}" module)
        pkg_check_modules(${module} REQUIRED IMPORTED_TARGET ${ARG_PACKAGES})
        target_link_libraries(${name} PUBLIC PkgConfig::${module})
    endif()
endfunction()

# pifarm_program(NAME SOURCES file... LINK target... [LIBEXEC]): an executable, installed in bin or libexec/pifarm.
function(pifarm_program name)
    cmake_parse_arguments(ARG "LIBEXEC" "" "SOURCES;LINK" ${ARGN})
    add_executable(${name} ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE ${ARG_LINK})
    # All programs of a build lie side by side, so that each finds the others beside itself.
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
    if(ARG_LIBEXEC)
        install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/pifarm)
    else()
        install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    endif()
endfunction()
