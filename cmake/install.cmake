# SPDX-License-Identifier: Apache-2.0
# What `make install` puts below the prefix: programs, systemd units that start them from there, documentation.
include(GNUInstallDirs)
install(TARGETS flowmob flowmob-lmad flowmob-magd flowmob-mnd flowmob-probe flowmob-wire RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

foreach(daemon lmad magd mnd)
  set(unit packaging/systemd/flowmob-${daemon}.service)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${unit})
  file(READ ${unit} text)
  string(REPLACE "/usr/bin/flowmob" "${CMAKE_INSTALL_FULL_BINDIR}/flowmob" text "${text}")
  file(CONFIGURE OUTPUT flowmob-${daemon}.service CONTENT "${text}" @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/flowmob-${daemon}.service DESTINATION lib/systemd/system)
endforeach()

# As in the repository, so that the pages find each other.
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY packaging/managers DESTINATION ${CMAKE_INSTALL_DOCDIR}/packaging)
install(FILES packaging/systemd/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/packaging/systemd)
install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY LICENSES DESTINATION ${CMAKE_INSTALL_DOCDIR})
