from sekisho.processes.run import main
from sekisho.processes.sim_three_d_secure.wiring import PROCESS

main(PROCESS)
