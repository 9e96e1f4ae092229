from sekisho.processes.payer_site.wiring import PROCESS
from sekisho.processes.run import main

main(PROCESS)
