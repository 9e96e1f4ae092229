from sekisho.processes.notices.wiring import PROCESS
from sekisho.processes.run import main

main(PROCESS)
