from sekisho.processes.run import main
from sekisho.processes.sim_card_network.wiring import PROCESS

main(PROCESS)
