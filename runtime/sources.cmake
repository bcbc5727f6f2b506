# program -> results, from the ground up; a room sees those named.
#
#   base      errors, texts, numbers, threads
#   plan      what a batch is, and how it is split
#   devices   what every device can do, memory, the cache of kernels
#   watch     what devices are doing
#   solve     a batch through the devices
#   results   to whom results go, and files
set(base runtime/base runtime) # runtime: headers of functions alone, which both libraries use
set(plan runtime/plan ${base})
set(devices runtime/devices ${plan})
set(watch runtime/watch ${devices} runtime/devices/cpu runtime/devices/gpu runtime/devices/cuda)
set(results runtime/results ${plan})
set(solve runtime/solve ${watch} runtime/results)

odec_room(runtime/base SEES runtime SOURCES bytes.c context.c decimal.c heap.c number.c pool.c say.c strbuf.c use.c)
odec_room(runtime/plan SEES ${base} kernels kernels/math SOURCES
    distribute.c grid.c inputs.c lookup.c output.c overlap.c plan.c program.c queue.c ranges.c run_table.c save.c
    settings.c settle.c)
odec_room(runtime/devices SEES ${plan} SOURCES arrays.c backends.c cache.c memory.c)
odec_room(runtime/devices/cpu SEES ${devices} kernels SOURCES
    backend_cpu.c cc.c cc_directory.c cc_find.c cpu_features.c cpu_kernel.c host_memory.c image.c)
odec_room(runtime/devices/gpu SEES ${devices} SOURCES backend_gpu.c gpu.c gpu_load.c gpu_pipeline.c
    gpu_resident.c)
odec_room(runtime/devices/cuda SEES runtime/devices/gpu ${devices} SOURCES
    backend_cuda.c cuda_api.c cuda_compile.c)
odec_room(runtime/watch SEES ${watch} SOURCES
    devices.c probe_cpu.c probe_cuda.c rates.c sampler.c telemetry.c)
odec_room(runtime/results SEES ${plan} INCLUDES ${XXHASH_INCLUDE_DIR} SOURCES
    about_json.c batch_id.c crc32.c csv_text.c digest.c out_file.c path.c result_file.c sink_csv.c sink_npy.c writer.c)
odec_room(runtime/solve SEES ${solve} SOURCES batch.c choice.c job.c sizing.c solver.c worker.c)

set(ODEC_RUNTIME_FOLDERS ${solve})
set(ODEC_RUNTIME_OBJECTS "")
foreach(room base plan devices devices_cpu devices_gpu devices_cuda watch results solve)
    list(APPEND ODEC_RUNTIME_OBJECTS $<TARGET_OBJECTS:room_runtime_${room}>)
endforeach()

set(ODEC_CLI_SOURCES
    cautions.c cli.c cmd_build.c cmd_check.c cmd_devices.c cmd_emit.c cmd_explain.c cmd_info.c cmd_run.c
    device_table.c dry_run.c failures.c fatbin.c files.c main.c measure.c model_file.c options.c plot.c preview.c progress.c request.c
    run_choice.c run_columns.c runs.c summary.c targets.c)
list(TRANSFORM ODEC_CLI_SOURCES PREPEND runtime/cli/)
