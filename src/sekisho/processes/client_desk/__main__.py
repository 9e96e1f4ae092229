from sekisho.processes.client_desk.wiring import PROCESS
from sekisho.processes.run import main

main(PROCESS)
