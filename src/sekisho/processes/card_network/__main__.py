from sekisho.processes.card_network.wiring import PROCESS
from sekisho.processes.run import main

main(PROCESS)
