# bits.sh -- read by check: on the GPU every example, by every method and in both precisions,
# has the same digest, statuses and counts of steps as on the CPU; and so it has however the
# batch is split. Time spans are short: whole programs are compared, not long orbits.

# MODEL KIND PARAMETER RANGE TIMES DT
bits_models() {
    cat <<'MODELS'
lorenz            mild  rho      0:30      0:2   0.01
vanderpol         mild  mu       0.1:20    0:5   0.01
lotka_volterra    mild  alpha    0.5:2     0:10  0.05
hodgkin_huxley    mild  I        0:20      0:5   0.02
two_body          mild  e        0:0.9     0:5   0.02
pendulum          mild  drive    0:10      0:5   0.02
robertson         stiff k1       0.01:0.1  0:100 0.5
hires             stiff k1       1:3       0:50  0.2
oregonator        stiff w        0.1:0.3   0:20  0.05
van_der_pol_stiff stiff mu       100:2000  0:100 0.2
beeler_reuter     stiff stimulus 10:50     0:10  0.05
pollution         stiff k1       0.2:0.5   0:10  0.05
MODELS
}

# METHOD KIND STEPS of each method: stiff or mild; any, or fixed alone
bits_methods() {
    rows=$here/../../kernels/methods
    sed -n 's/^METHOD(\(.*\), \(.*\))$/\1 \2/p' "$rows/methods.def" | while read -r method family; do
        own_kind=mild own_steps=any
        ! grep -q '^#define STEP_STIFF 1$' "$rows/${family}_sizes.h" || own_kind=stiff
        ! grep -q '_EMBEDDED_ORDER 0$' "$rows/tableau_$method.h" || own_steps=fixed
        case $quick:$method in
        :* | yes:rk4 | yes:tsit5 | yes:rodas5p) echo "$method $own_kind $own_steps" ;;
        esac
    done
}

# suits KIND METHOD OWN_KIND OWN_STEPS STEPS PRECISION SAVE: is this one of the trials? OWN is the
# method's. Explicit methods with stiff models, whose runs end by too many attempts or worse, once
# each.
suits() {
    case $4:$5 in fixed:adaptive) return 1 ;; esac
    case $quick:$2:$5:$6:$7 in
    yes:tsit5:fixed:* | yes:rodas5p:fixed:*) return 1 ;;
    yes:*:double:final | yes:*:float:n:11) return 1 ;;
    esac
    case $1:$3:$4:$5:$6:$7 in
    mild:* | stiff:stiff:*) true ;;
    *:fixed:fixed:double:n:11 | *:any:adaptive:double:n:11) true ;;
    *) false ;;
    esac
}

# bits_options METHOD STEPS PRECISION SAVE SWEEP TIMES DT
bits_options() {
    printf '%s' "--method $1 --precision $3 --save $4 --sweep $5 --t $6 --max-attempts 3000"
    case $2:$3 in
    fixed:*) printf '%s' " --dt $7" ;;
    adaptive:float) printf '%s' " --rtol 1e-4 --atol 1e-6" ;;
    esac
}

bits_list() {
    methods=$(bits_methods)
    bits_models | while read -r model kind parameter range times dt; do
        case $quick:$model in
        yes:lorenz | yes:pendulum | yes:robertson | :*) ;;
        *) continue ;;
        esac
        echo "$methods" | while read -r method own_kind own_steps; do
            for form in fixed:double:final fixed:double:n:11 fixed:float:final fixed:float:n:11 \
                adaptive:double:final adaptive:double:n:11 adaptive:float:final \
                adaptive:float:n:11; do
                steps=${form%%:*} rest=${form#*:}
                precision=${rest%%:*} save=${rest#*:}
                ! suits "$kind" "$method" "$own_kind" "$own_steps" "$steps" "$precision" "$save" ||
                    echo "$model|$(bits_options "$method" "$steps" "$precision" "$save" \
                        "$parameter=$range:$n_runs" "$times" "$dt")|--device cuda:0"
            done
        done
    done
}

# Batches split in many ways, each the same results.
bits_splits() {
    for device in 'cuda:0 --chunk 7' "cuda:0 --chunk $((n_runs - 1))" "cuda:0 --memory $((n_runs * 8))K" \
        'cuda --chunk 100' 'all' 'all --distribute uniform' 'all --chunk 50' \
        'cuda:0,cpu --distribute capacity:1,3'; do
        echo "lorenz|--sweep rho=0:30:$n_runs --t 0:5 --save n:1001|--device $device"
        [ -n "$quick" ] || {
            case $device in *--memory*) continue ;; esac
            echo "robertson|--sweep k1=0.01:0.1:$n_runs|--device $device"
            echo "vanderpol|--sweep mu=0.1:20:$n_runs --save final --precision float" \
                "--rtol 1e-4 --atol 1e-6|--device $device"
        }
    done
}

# run_bits WHERE MODEL OPTIONS: stats into WHERE.json, messages into WHERE.err
run_bits() {
    # shellcheck disable=SC2086
    timeout 120 "$odec" run "$examples/$2.ode" $3 --quiet --fail-on never --threads 2 --stats "$mine/$1.json" \
        >"$mine/$1.err" 2>&1 && return
    echo "odec: error: exit status $?" >>"$mine/$1.err" # where there is no other error
    return 1
}

# What must be equal.
bits_figures() {
    grep -E '"(attempts|rhs|jacobian|status|digest)":' "$mine/$1.json"
}

# The first error of WHERE's messages
bits_error() {
    sed -n 's/^odec: error: //p' "$mine/$1.err" | head -n 1
}

bits_trial() {
    rm -f "$mine"/cpu.json "$mine"/gpu.json
    if ! run_bits cpu "$1" "$2 --device cpu"; then
        why="the CPU says: $(bits_error cpu)"
    elif ! run_bits gpu "$1" "$2 $3"; then
        why=$(bits_error gpu)
    elif grep -q '"failure"' "$mine/gpu.json"; then
        why="a device took no further part"
    elif [ "$(bits_figures cpu)" = "$(bits_figures gpu)" ] && [ -n "$(bits_figures cpu)" ]; then
        return 0
    else
        why="other results than with --device cpu"
    fi
    echo "FAILED, $why: $odec run $examples/$1.ode $2 $3"
    return 1
}

check_bits() {
    can_run cpu || return 1
    n_runs=2000
    [ -z "$quick" ] || n_runs=64
    { bits_list && bits_splits; } >"$work/bits"
    try bits_trial "$work/bits"
    status=$?
    echo "bits: $n_good of $n_trials trials have the CPU's results"
    return $status
}
