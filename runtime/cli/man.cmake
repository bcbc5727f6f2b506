# man.cmake -- odec.1 out of what the command says of itself, which comes from commands.def and
# options.def: cmake -DODEC=odec -DOUTPUT=odec.1 -P man.cmake
#
#   a line "odec COMMAND ARGUMENT ..."     a section for the command
#   a line "  what it does"                under it
#   a line "  --option VALUE   help"       a tagged paragraph; the help may be on the next line,
#                                          far to the right

cmake_minimum_required(VERSION 3.25) # for its policies

function(ask out) # arguments of odec
    execute_process(COMMAND ${ODEC} ${ARGN} OUTPUT_VARIABLE said RESULT_VARIABLE status)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "${ODEC} ${ARGN} ended with ${status}")
    endif()
    set(${out} "${said}" PARENT_SCOPE)
endfunction()

# The first line of `text`, which keeps the rest. (A list of lines would break at brackets.)
macro(take_line text line)
    string(FIND "${${text}}" "\n" end_)
    string(SUBSTRING "${${text}}" 0 ${end_} ${line})
    math(EXPR end_ "${end_} + 1")
    string(SUBSTRING "${${text}}" ${end_} -1 ${text})
endmacro()

# As roff has it: no escapes, hyphens that can be searched for, no request at a line's start.
function(escape out text)
    string(REPLACE "\\" "\\e" text "${text}")
    string(REPLACE "-" "\\-" text "${text}")
    string(REGEX REPLACE "^([.'])" "\\\\&\\1" text "${text}")
    set(${out} "${text}" PARENT_SCOPE)
endfunction()

function(describe out command)
    ask(help ${command} --help)
    set(text "")
    while(NOT help STREQUAL "")
        take_line(help line)
        if(line MATCHES "^odec ")
            string(REGEX REPLACE " +" " " line "${line}")
            escape(line "${line}")
            string(APPEND text ".SS ${line}\n")
        elseif(line MATCHES "^  (-[^ ]+( [^ ]+)?) *(.*)$")
            set(said "${CMAKE_MATCH_3}")
            escape(option "${CMAKE_MATCH_1}")
            string(STRIP "${said}" said)
            escape(said "${said}")
            string(APPEND text ".TP\n.B ${option}\n")
            if(said)
                string(APPEND text "${said}\n")
            endif()
        elseif(line MATCHES "[^ ]")
            string(STRIP "${line}" line)
            escape(line "${line}")
            string(APPEND text "${line}\n")
        endif()
    endwhile()
    set(${out} "${text}" PARENT_SCOPE)
endfunction()

ask(version --version)
string(STRIP "${version}" version)
ask(help --help)
take_line(help line)
string(REGEX REPLACE "^[^:]*: *" "" what "${line}")
set(page ".TH ODEC 1 \"\" \"${version}\" \"\"\n.SH NAME\nodec \\- ${what}\n.SH SYNOPSIS\n")
set(commands "")
set(examples "")
while(NOT help STREQUAL "")
    take_line(help line)
    if(line MATCHES "^Example")
        set(examples ".SH EXAMPLES\n.nf\n")
    elseif(examples AND line MATCHES "[^ ]")
        string(STRIP "${line}" line)
        escape(line "${line}")
        string(APPEND examples "${line}\n")
    elseif(line MATCHES "^  (odec ([a-z]+) *([A-Z.]*) ) *[^ ]")
        if(CMAKE_MATCH_2 STREQUAL "help")
            continue() # what this page is instead of
        endif()
        list(APPEND commands ${CMAKE_MATCH_2})
        string(STRIP "${CMAKE_MATCH_3} [options]" arguments)
        string(APPEND page ".B odec ${CMAKE_MATCH_2}\n${arguments}\n.br\n")
    endif()
endwhile()
if(NOT commands)
    message(FATAL_ERROR "${ODEC} --help names no command")
endif()
string(APPEND page ".B odec \\-\\-version\n.SH COMMANDS\n")
foreach(command IN LISTS commands)
    describe(section ${command})
    string(APPEND page "${section}")
endforeach()
string(APPEND page ".SH EXIT STATUS
0: done, and failed runs are counted; 1: could not finish; 2: the model or the arguments are wrong;
3: done, but runs failed: all of them, or as \\-\\-fail\\-on says.
.SH FILES
.TP
.B NAME.partial, NAME.partial.json
what there is of a result that is not whole, and a note of which runs that are and of which batch;
those of an earlier run stay until the next one has its first results
.TP
.B NAME.partial.new
a file that a process has begun to write, and locked; what a killed one leaves is taken over
.PP
No two files of a command may be one, by name, link or inode. A second process on one file is
refused; where a file system has no locks there is a warning, and the process that began first ends
with an error. Files are flushed to disk before they get their name and keep the permissions of what
they replace; what is read\\-only is not replaced. Links are followed, also to what is not there yet;
other names of a replaced file keep the old one. Pipes that are being read and devices are written to
as they are, but for .npy.
.SH ENVIRONMENT
.TP
.B ODEC_CC
the C compiler, unless an option says it; perhaps with options, as in \"gcc \\-m64\"
.TP
.B ODEC_ISA
the highest level of CPU that kernels are compiled or taken for: x86\\-64\\-v3, x86\\-64\\-v2, portable
.TP
.B XDG_CACHE_HOME
compiled kernels are in odec below it
.TP
.B TMPDIR
what the C compiler needs for a while is there
.P
Of the environment the C compiler sees PATH, HOME, LD_LIBRARY_PATH, NVCC_CCBIN and ODEC_... alone.
.SH SIGNALS
^C, SIGTERM and SIGHUP end a run: what is done of its results is kept in FILE.partial, and nothing of
the C compiler stays. A second ^C, more than a second later, ends it at once. What was ignored from
the start, as under nohup, stays ignored. What a killed process has left in TMPDIR the next one clears.
${examples}")
file(WRITE ${OUTPUT} "${page}")
