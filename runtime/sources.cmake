set(ODEC_RUNTIME_SOURCES
    runtime/about_json.c runtime/backend.c runtime/backend_cpu.c runtime/batch.c
    runtime/bytes.c runtime/cache.c runtime/cc.c runtime/context.c runtime/cpu_features.c
    runtime/decimal.c runtime/digest.c runtime/grid.c runtime/image.c runtime/inputs.c
    runtime/memory.c runtime/number.c runtime/out_file.c runtime/plan.c runtime/pool.c
    runtime/result_file.c runtime/run_table.c runtime/save.c runtime/say.c
    runtime/settings.c runtime/sink_csv.c runtime/sink_npy.c runtime/solver.c
    runtime/strbuf.c runtime/writer.c)

set(ODEC_CLI_SOURCES
    runtime/cli/cli.c runtime/cli/cmd_check.c runtime/cli/cmd_devices.c
    runtime/cli/cmd_emit.c runtime/cli/cmd_explain.c runtime/cli/cmd_info.c
    runtime/cli/cmd_run.c runtime/cli/main.c runtime/cli/model.c runtime/cli/options.c
    runtime/cli/preview.c runtime/cli/progress.c runtime/cli/request.c
    runtime/cli/runs.c runtime/cli/summary.c)
